/** What `mypaas` alone shows: the commands of the first day, in their order. */
export const firstSteps = `mypaas turns your own server into a PaaS.

On the server, once:
  sudo mypaas init              sets it up and prints a line for your laptop

On your laptop:
  mypaas remote add prod '…'    the line that init printed
  mypaas check                  checks the comments in your Dockerfile
  mypaas push                   sends the service and makes it live
  mypaas help keys              everything a Dockerfile can say

All commands: mypaas --help
`;
