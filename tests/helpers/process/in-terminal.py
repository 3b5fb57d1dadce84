"""in-terminal.py COLUMNS WHEN COMMAND...: runs a command in a separate terminal of this width, and prints what it
showed there and how it ended, as JSON. When the text WHEN is shown, Ctrl-C is pressed; an empty one never is."""
import fcntl, json, os, pty, struct, sys, termios

columns, when, command = int(sys.argv[1]), sys.argv[2].encode(), sys.argv[3:]
pid, terminal = pty.fork()
if pid == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    os.execvp(command[0], command)
shown, is_pressed = b"", False
while True:
    try:
        chunk = os.read(terminal, 65536)
    except OSError:  # the other end is closed
        break
    if not chunk:
        break
    shown += chunk
    if when and not is_pressed and when in shown:
        os.write(terminal, b"\x03")
        is_pressed = True
_, status = os.waitpid(pid, 0)
print(json.dumps({"shown": shown.decode(), "exitCode": os.waitstatus_to_exitcode(status)}))
