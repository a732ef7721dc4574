MATCH (t:Task {key: 'h1|\\a'})
SET t:Reviewed, t.verdict = 'bad'
WITH t
MATCH (f:Finding {destination: 'a.example'})
SET f.note = 'seen by me'
