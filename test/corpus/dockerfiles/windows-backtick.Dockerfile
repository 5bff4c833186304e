# escape=`
# mypaas.servicename = intranet
# mypaas.domain = intranet.corp.example
FROM mcr.microsoft.com/windows/nanoserver:ltsc2025
COPY site C:\site\
# mypaas.port = 8080
RUN powershell -Command `
# mypaas.maxmem = 512MiB
    New-Item C:\logs\
# mypaas.maxcpu = .5
USER ContainerUser
CMD C:\site\server.exe --root C:\site\
