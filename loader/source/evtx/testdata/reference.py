"""Print every record of event logs as the PyPI package evtx reads it.

For each path on standard input: a line with the path, then a line per record,
"<record number> <JSON>", or "! <error>", then an empty line.

The package writes a JSON object with the same key twice where an event holds
two Data elements of one name (an array of texts, say), of which JSON readers
keep only the last. Neighbours of one name become a list here, and a name that
comes back later gets _1, _2, which is what later versions of the package do.
"""
import json
import sys

from evtx import PyEvtxParser


def pairs(items):
    out, last, count = {}, None, {}
    for key, value in items:
        if key == last:
            name = key if count[key] == 1 else "%s_%d" % (key, count[key] - 1)
            if not isinstance(out[name], Run):
                out[name] = Run([out[name]])
            out[name].append(value)
            continue
        last = key
        count[key] = count.get(key, 0) + 1
        out[key if count[key] == 1 else "%s_%d" % (key, count[key] - 1)] = value
    return out


class Run(list):
    pass


for path in sys.stdin.read().splitlines():
    print(path)
    try:
        records = PyEvtxParser(path).records_json()
        while True:
            try:
                r = next(records)
            except StopIteration:
                break
            except Exception as e:
                print("!", str(e).replace("\n", " "))
                continue
            data = json.loads(r["data"], object_pairs_hook=pairs)
            print(r["event_record_id"], json.dumps(data))
    except Exception as e:
        print("!", str(e).replace("\n", " "))
    print()
