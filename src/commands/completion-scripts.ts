/**
 * What shells read to complete gantry's command line. Each asks `gantry __complete WORD…`, which answers lines of a value
 * and, behind a tab, what it means, then `:0` where file names do as well and `:4` where they do not (as cobra has it).
 */
export const completionScripts = {
  bash: `_gantry() {
  local line directive=:4 values=()
  while IFS= read -r line; do
    case $line in
      :*) directive=$line ;;
      *) values+=("\${line%%$'\\t'*}") ;;
    esac
  done < <(gantry __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  COMPREPLY=("\${values[@]}")
  [[ $directive == :0 && \${#values[@]} -eq 0 ]] && compopt -o default
  [[ \${#values[@]} -eq 1 && \${values[0]} == *= ]] && compopt -o nospace
  return 0
}
complete -F _gantry gantry
`,
  zsh: `#compdef gantry
_gantry() {
  local line directive=:4
  local -a values
  while IFS= read -r line; do
    case $line in
      :*) directive=$line ;;
      *$'\\t'*) values+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}") ;;
      *) values+=("\${line//:/\\\\:}") ;;
    esac
  done < <(gantry __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)
  (( \${#values} )) && _describe gantry values
  [[ $directive == :0 && \${#values} -eq 0 ]] && _files
}
compdef _gantry gantry
`,
  fish: `function __gantry_complete
  set -l words (commandline -opc) (commandline -ct)
  for line in (gantry __complete $words[2..-1] 2>/dev/null)
    switch $line
      case ':0'
        __fish_complete_path (commandline -ct)
      case ':*'
      case '*'
        echo $line
    end
  end
end
complete -c gantry -f -a '(__gantry_complete)'
`,
} as const;
