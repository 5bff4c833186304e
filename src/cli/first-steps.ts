/** What `mypaas` alone shows: the commands of the first day, in their order. */
export const firstSteps = `mypaas turns your own server into a PaaS.

On the server, once:
  sudo mypaas init              set it up; prints a line for your laptop

On your laptop:
  mypaas remote add prod '…'    add the server by that line
  mypaas check                  read the comments in your Dockerfile
  mypaas push                   send the service and make it live
  mypaas logs web -r prod       read its output

What a Dockerfile can say: mypaas help keys
All commands: mypaas --help
`;
