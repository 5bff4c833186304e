export const shells = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof shells)[number];

/** What a shell runs once; at each TAB it then asks `mypaas complete`, so that it never knows other commands than mypaas does. */
export const completionScripts: Readonly<Record<Shell, string>> = {
  bash: `# mypaas completion bash: add this line to ~/.bashrc
#   source <(mypaas completion bash)
_mypaas() {
  local current=\${COMP_WORDS[COMP_CWORD]} line
  local -a answer
  COMPREPLY=()
  mapfile -t answer < <("\${COMP_WORDS[0]}" complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  for line in "\${answer[@]:1}"; do COMPREPLY+=("\${line%%$'\\t'*}"); done
  case \${answer[0]} in
    files) compopt -o filenames; mapfile -t -O "\${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$current") ;;
    folders) compopt -o filenames; mapfile -t -O "\${#COMPREPLY[@]}" COMPREPLY < <(compgen -d -- "$current") ;;
  esac
}
complete -F _mypaas mypaas
`,
  zsh: `#compdef mypaas
# mypaas completion zsh: write this to a file _mypaas in a folder of $fpath, or add to ~/.zshrc after compinit
#   source <(mypaas completion zsh)
_mypaas() {
  local line kind value
  local -a answer described
  answer=("\${(@f)$("\${words[1]}" complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  kind=\${answer[1]}
  for line in "\${(@)answer[2,-1]}"; do
    value=\${\${line%%$'\\t'*}//:/\\\\:}
    if [[ $line == *$'\\t'* ]]; then described+=("$value:\${line#*$'\\t'}"); else described+=("$value"); fi
  done
  (( \${#described} )) && _describe mypaas described
  case $kind in
    files) _files ;;
    folders) _files -/ ;;
  esac
}
if [[ \${funcstack[1]} == _mypaas ]]; then _mypaas "$@"; else compdef _mypaas mypaas; fi
`,
  fish: `# mypaas completion fish: write this to ~/.config/fish/completions/mypaas.fish
function __mypaas_complete
    set -l typed (commandline -opc)
    set -l current (commandline -ct)
    set -l answer ($typed[1] complete -- $typed[2..-1] "$current" 2>/dev/null)
    switch "$answer[1]"
        case files
            __fish_complete_path $current
        case folders
            __fish_complete_directories $current
    end
    set -e answer[1]
    for line in $answer
        echo $line
    end
end
complete -c mypaas -f -a '(__mypaas_complete)'
`,
};
