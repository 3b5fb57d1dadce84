# Talks to the gateway with OpenAI's SDK for Python: pip install openai
#   OPENAI_BASE_URL=http://127.0.0.1:8123/v1 OPENAI_API_KEY=your-key MODEL=echo python3 openai_sdk.py
# The SDK reads the first two variables. The key is one of API_KEYS; a gateway without API_KEYS accepts any text.
import os

from openai import OpenAI

client = OpenAI()
model = os.environ.get("MODEL", "echo")
messages = [{"role": "user", "content": "Hello from Python"}]

# X-Dialog-Id puts the request into a dialog of the log: `logdb dialog my-first-dialog` shows it.
completion = client.chat.completions.create(
    model=model, messages=messages, extra_headers={"X-Dialog-Id": "my-first-dialog"}
)
print("answer:", completion.choices[0].message.content)
# `logdb show ID` finds the request by this id.
print("request:", completion._request_id)

print("stream: ", end="")
for chunk in client.chat.completions.create(model=model, messages=messages, stream=True):
    if chunk.choices:
        print(chunk.choices[0].delta.content or "", end="", flush=True)
print()
