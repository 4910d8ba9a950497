#!/usr/bin/env bash
# remake.sh records the walkthroughs anew, for those who cannot capture. It needs root, and what they all need.
set -eu
cd "$(dirname "${BASH_SOURCE[0]}")"
new=$(mktemp -d)
trap 'rm -rf "$new"' EXIT
for walkthrough in handshake boundaries segments upgrade close calls; do
	bash "../$walkthrough.sh" --save "$new" >/dev/null
	[ -d "$new/$walkthrough" ] || { echo "remake.sh: $walkthrough.sh could not record anything" >&2; exit 1; }
	rm -rf "./$walkthrough"
	cp -R "$new/$walkthrough" .
done
