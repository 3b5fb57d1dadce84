"""in-terminal.py COLUMNS ANSWERS COMMAND...: runs a command in a separate terminal of this width. ANSWERS is a JSON list of
pairs: when the first text is shown after the previous answer, the second is typed. Prints as JSON what the terminal showed
and the exit code."""
import fcntl, json, os, pty, struct, sys, termios

columns, answers, command = int(sys.argv[1]), json.loads(sys.argv[2]), sys.argv[3:]
pid, terminal = pty.fork()
if pid == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    os.execvp(command[0], command)
shown, seen = b"", 0
while True:
    try:
        chunk = os.read(terminal, 65536)
    except OSError:  # the other end is closed
        break
    if not chunk:
        break
    shown += chunk
    while answers and answers[0][0].encode() in shown[seen:]:
        seen = len(shown)
        os.write(terminal, answers.pop(0)[1].encode())
_, status = os.waitpid(pid, 0)
print(json.dumps({"shown": shown.decode(), "exitCode": os.waitstatus_to_exitcode(status)}))
