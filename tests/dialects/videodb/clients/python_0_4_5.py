"""The way from a file to its transcript with an older Python client; prints what it saw. Arguments: URL, key, file."""

import json
import sys

import videodb
from videodb.exceptions import AuthenticationError

base_url, key, path = sys.argv[1:]
video = videodb.connect(api_key=key, base_url=base_url).upload(file_path=path)
first, second = video.generate_transcript(language_code="en"), video.generate_transcript()
rows = video.get_transcript(segmenter="sentence")
text = video.get_transcript_text()
listed = [each.id for each in videodb.connect(api_key=key, base_url=base_url).get_collection().get_videos()]
video.delete()
try:
    refused = str(videodb.connect(api_key="sk-wrong", base_url=base_url).get_collections())
except AuthenticationError as error:
    refused = str(error)
seen = {
    "version": videodb.__about__.__version__,
    "generated": [first["message"], second["message"]],
    "sentences": [row["text"] for row in rows],
    "text": text,
    "listed": video.id in listed,
    "refused": refused.strip(),
}
sys.stdout.write(json.dumps(seen))
