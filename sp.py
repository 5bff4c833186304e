import socket,sys
s=socket.create_connection((sys.argv[1],int(sys.argv[2])));s.sendall(b"PROXY TCP4 9.9.9.9 1.1.1.1 1 80\r\nGET / HTTP/1.1\r\nHost: field-raw.localhost\r\nConnection: close\r\n\r\n")
d=b""
while True:
  b=s.recv(4096)
  if not b: break
  d+=b
print(d.decode().split("\r\n")[0], d.decode()[-60:])
