# Prints what an interactive zsh shows after this line and Tab: complete-in-zsh.zsh SCRIPT LINE
zmodload zsh/zpty
zpty shell zsh -f -i
send() { zpty -w shell "$1" }
send "PS1='' PS2='' RPS1=''; autoload -Uz compinit; compinit -u -D; zstyle ':completion:*' list-separator '#'; bindkey '^I' complete-word; setopt auto_list no_list_ambiguous; unsetopt auto_menu list_beep; stty -echo; source $1; echo RE''ADY"
local text='' chunk
while [[ $text != *READY* ]]; do zpty -r shell chunk && text+=$chunk; done
# Two tabs: the first inserts what is common, the second lists what is left.
zpty -w -n shell "$2"$'\t\t'
text=''
zmodload zsh/datetime
deadline=$(( EPOCHREALTIME + 3 ))
local quiet=0
while (( EPOCHREALTIME < deadline && quiet < 8 )); do
  if zpty -r -t shell chunk 2>/dev/null; then text+=$chunk; quiet=0; else sleep 0.05; (( quiet += ${#text} > 0 )); fi
done
zpty -d shell
# Without the escape sequences that move the cursor and set colours.
print -r -- "$text" | sed $'s/\e\\[[0-9;?]*[a-zA-Z]//g'
