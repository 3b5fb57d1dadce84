"""answer-in-terminal.py ANSWERS COMMAND...: runs a command in its own terminal. ANSWERS is a JSON list of pairs: when the
first text is shown after the previous answer, the second is typed. Prints as JSON what the terminal showed and the exit code."""
import json, os, pty, sys

answers, command = json.loads(sys.argv[1]), sys.argv[2:]
pid, terminal = pty.fork()
if pid == 0:
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
