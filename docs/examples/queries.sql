-- Statements for the log database. Run one with `logdb query "..."` over all days, or with `sqlite3` on one file.
-- docs/logdb.md lists the tables and their columns. Times are UTC.

-- Requests, errors and tokens of each day.
SELECT date(ts, 'unixepoch') AS day,
       COUNT(*) AS requests,
       SUM(status_code >= 400) AS errors,
       SUM(tokens_in) AS tokens_in,
       SUM(tokens_out) AS tokens_out
FROM request_details
GROUP BY day
ORDER BY day;

-- Tokens of each key and model.
SELECT COALESCE(api_key_name, api_key_hash) AS key,
       model_original,
       SUM(tokens_in) AS tokens_in,
       SUM(tokens_out) AS tokens_out
FROM request_details
GROUP BY key, model_original
ORDER BY tokens_out DESC;

-- The ten slowest requests.
SELECT request_id, datetime(ts, 'unixepoch') AS time, model_original, latency_ms, ttfb_ms
FROM request_details
ORDER BY latency_ms DESC
LIMIT 10;

-- Share of errors for each provider, in percent.
SELECT provider, COUNT(*) AS requests, ROUND(100.0 * SUM(status_code >= 400) / COUNT(*), 2) AS error_percent
FROM request_details
GROUP BY provider
ORDER BY error_percent DESC;

-- What went wrong: the message in the answer of each failed request.
SELECT datetime(ts, 'unixepoch') AS time,
       status_code,
       outcome,
       json_extract(response_json, '$.error.message') AS message
FROM request_details
WHERE status_code >= 400
ORDER BY ts DESC;

-- The busiest hours.
SELECT strftime('%H', ts, 'unixepoch') AS hour, COUNT(*) AS requests
FROM requests
GROUP BY hour
ORDER BY requests DESC;

-- Dialogs with their length, the longest first.
SELECT dialog_id, COUNT(*) AS requests, MAX(ts) - MIN(ts) AS seconds
FROM requests
WHERE dialog_id IS NOT NULL
GROUP BY dialog_id
ORDER BY requests DESC;

-- Requests that offered tools to the model, and how many.
SELECT request_id, json_array_length(request_json, '$.tools') AS tools
FROM requests
WHERE json_extract(request_json, '$.tools') IS NOT NULL;

-- Answers that were cut at the limit of tokens.
SELECT request_id, model_original, tokens_out
FROM request_details
WHERE finish_reason = 'length';

-- Messages that contain a word, each with the first request that contained it. This works for one day: with sqlite3, or
-- with --since and --to of the same day. `logdb search` searches all days.
SELECT request_id, role, content
FROM request_text_index
WHERE request_text_index MATCH 'deadline';
