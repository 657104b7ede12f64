#!/usr/bin/env bash
# Builds the image from the Dockerfile and starts it, where there is neither a container engine nor a
# registry of images: buildah needs no daemon, and the base is made here from Debian's packages.
# The base is therefore Debian's Python and not the official image named in the Dockerfile.
# Needs root, buildah and mmdebstrap. Leaves nothing behind.
set -euo pipefail
cd "$(dirname "$0")/.."

work="$(mktemp -d)"
serving=""
buildah() { command buildah --root "$work/store" --runroot "$work/run" --storage-driver vfs "$@"; }
cleanup() {
  if [[ -n "$serving" ]]; then
    kill -- "-$serving" 2>/dev/null || true
    wait "$serving" 2>/dev/null || true
  fi
  buildah rm --all >/dev/null 2>&1 || true
  rm -rf --one-file-system "$work"
}
trap cleanup EXIT

echo "== base: a minimal Debian with Python"
# shellcheck source=/dev/null
codename="$(. /etc/os-release && echo "$VERSION_CODENAME")"
# shellcheck disable=SC2016  # the $(...) is apt's own placeholder
mirror="$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' "Codename: $codename" 'Label: Debian' | sed -n 1p)"
mmdebstrap --quiet --variant=minbase --include=python3-venv,ca-certificates \
  "$codename" "$work/base.tar" "$mirror"
base="$(buildah from scratch)"
buildah add --quiet "$base" "$work/base.tar" / >/dev/null
rm "$work/base.tar"
# pip inside the build finds its packages as pip does on this machine.
if [[ -f /etc/pip.conf ]]; then
  buildah copy --quiet "$base" /etc/pip.conf /etc/pip.conf >/dev/null
fi
buildah copy --quiet "$base" /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt >/dev/null
buildah commit --quiet --rm "$base" localhost/python:ci >/dev/null

echo "== image"
buildah bud --quiet --isolation chroot --network host --format docker \
  --build-arg BASE=localhost/python:ci --tag localhost/relapse-cds:ci . >/dev/null

user="$(buildah inspect --type image --format '{{.Docker.Config.User}}' localhost/relapse-cds:ci)"
[[ "$user" =~ ^[1-9][0-9]*(:[1-9][0-9]*)?$ ]] || { echo "the image runs as '$user', not as a numbered user" >&2; exit 1; }

echo "== start"
box="$(buildah from localhost/relapse-cds:ci)"
inside() { buildah run --isolation chroot --network host "$box" -- "$@"; }
inside relapse-cds --help >/dev/null
inside python3 -c 'import os; assert os.getuid() >= 1000, os.getuid()'
if inside sh -c ': > /opt/relapse-cds/written' 2>/dev/null; then
  echo "the service's user can change the installed code" >&2
  exit 1
fi

# On loopback only: here the box shares the machine's network. Nobody calls but this script, so callers
# need no checking.
set -m # the service gets a process group of its own, so that the whole of it can be ended
buildah run --isolation chroot --network host --env RELAPSE_CDS_HOST=127.0.0.1 --env RELAPSE_CDS_INSECURE=true \
  "$box" -- relapse-cds serve </dev/null >"$work/serve.log" 2>&1 &
serving=$!
set +m
healthy="import urllib.request as r; r.urlopen('http://127.0.0.1:8080/health/live', timeout=4)"
for _ in $(seq 30); do
  kill -0 "$serving" 2>/dev/null || { echo "relapse-cds serve ended:" >&2; cat "$work/serve.log" >&2; exit 1; }
  if inside python3 -c "$healthy" 2>/dev/null; then
    echo "image: built, started as user $user, healthy"
    exit 0
  fi
  sleep 1
done
echo "no answer from /health/live in 30 seconds" >&2
cat "$work/serve.log" >&2
exit 1
