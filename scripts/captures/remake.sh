#!/usr/bin/env bash
# remake.sh records the walkthroughs again, for those who cannot capture, and draws the README's picture from one of the
# recordings. It needs root, and what they all need. Paste what README.md and scripts/README.md quote again.
set -eu
cd "$(dirname "${BASH_SOURCE[0]}")"
new=$(mktemp -d)
trap 'rm -rf "$new"' EXIT
for walkthrough in handshake boundaries segments upgrade close calls; do
	bash "../$walkthrough.sh" --save "$new" >/dev/null
	[ -d "$new/$walkthrough" ] || { echo "remake.sh: $walkthrough.sh could not record anything" >&2; exit 1; }
done
for walkthrough in "$new"/*; do
	rm -rf "./${walkthrough##*/}"
	cp -R "$walkthrough" .
done
shown=boundaries/6-cut-frames
go run ../streammap "$shown.pcap" -account "$shown.client.jsonl" -account "$shown.server.jsonl" \
	-svg ../streammap/map.svg >/dev/null
