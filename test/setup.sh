#!/usr/bin/env bash
# npm run setup: installs what the tests need beyond npm's packages, which is a Chromium or Chrome, MariaDB, nginx,
# Prometheus' promtool, nats-server, and on Linux iproute2, systemd and Python's websockets and socketio. Does nothing when they are there. With UPDATE_SCREENSHOTS=1 also the
# fonts of the README's screenshots.
set -euo pipefail

# The same places as in test/support/browser.ts.
browsers=(
  /usr/bin/chromium
  /usr/bin/chromium-browser
  /usr/bin/google-chrome-stable
  /usr/bin/google-chrome
  /snap/bin/chromium
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'
  '/Applications/Chromium.app/Contents/MacOS/Chromium'
)
if [ -n "${CHROMIUM_PATH:-}" ]; then browsers=("$CHROMIUM_PATH"); fi

packages=(chromium)
for browser in "${browsers[@]}"; do
  if [ -x "$browser" ]; then
    echo "setup: the browser for the tests is $browser"
    packages=()
    break
  fi
done

if [ -n "${CHROMIUM_PATH:-}" ] && [ ${#packages[@]} -gt 0 ]; then
  echo "setup: CHROMIUM_PATH names $CHROMIUM_PATH, which is no program. Correct or unset it." >&2
  exit 1
fi
# For hosts in network namespaces; both are in a folder that not everybody's PATH has.
if [ "$(uname)" = Linux ] && ! { PATH="$PATH:/usr/sbin:/sbin" command -v ip && PATH="$PATH:/usr/sbin:/sbin" command -v tc; } >/dev/null; then
  packages+=(iproute2)
fi
# A websocket client of another language, for compression.
if [ "$(uname)" = Linux ] && ! /usr/bin/python3 -c 'import websockets' 2>/dev/null; then packages+=(python3-websockets); fi
# The same for Socket.IO, with what it connects by: polling needs requests, a websocket the package of that name.
if [ "$(uname)" = Linux ] && ! /usr/bin/python3 -c 'import socketio, requests, websocket' 2>/dev/null; then
  packages+=(python3-socketio python3-requests python3-websocket)
fi
# The unit in docs/deployment.md is verified, not started.
if [ "$(uname)" = Linux ] && ! command -v systemd-analyze >/dev/null; then packages+=(systemd); fi
# Without the package that runs it as a service: the tests start it by themselves, on ports and in folders of their own.
if ! { PATH="$PATH:/usr/sbin:/sbin" command -v mariadbd && command -v mariadb-install-db && command -v my_print_defaults; } >/dev/null; then
  packages+=(mariadb-server-core mariadb-client-core)
fi
# Certificates are made, and a socket is asked, as the documents say.
for program in curl openssl; do
  if ! command -v "$program" >/dev/null; then packages+=("$program"); fi
done
# With its module for streams, which is a file of its own, or a part of the program.
has_nginx() (
  PATH="$PATH:/usr/sbin:/sbin:/usr/local/sbin"
  built=$(nginx -V 2>&1) || exit 1
  modules=$(grep -o -- '--modules-path=[^ ]*' <<<"$built" | cut -d= -f2)
  grep -q -- '--with-stream ' <<<"$built " || [ -e "$modules/ngx_stream_module.so" ]
)
# Of these the packages would start a service, and at each start of the machine: the tests start nginx by themselves, and of
# Prometheus they use promtool alone.
services=()
if ! has_nginx; then
  packages+=(nginx-light libnginx-mod-stream)
  services+=(nginx)
fi
if ! command -v promtool >/dev/null; then
  packages+=(prometheus)
  services+=(prometheus)
fi
if ! PATH="$PATH:/usr/sbin" command -v nats-server >/dev/null; then
  packages+=(nats-server)
  services+=(nats-server)
fi
if [ "${UPDATE_SCREENSHOTS:-}" = 1 ]; then
  packages+=(fonts-inter fonts-urw-base35 fonts-noto-cjk fonts-noto-color-emoji)
fi
if [ ${#packages[@]} -eq 0 ]; then exit 0; fi

if ! command -v apt-get >/dev/null; then
  echo "setup: the tests need ${packages[*]}, and this system has no apt-get to install it with." >&2
  echo "setup: install it otherwise. For the browser, which may be Chrome as well, CHROMIUM_PATH can name one that you have." >&2
  exit 1
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "setup: run this as root: apt-get install --no-install-recommends ${packages[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
fi

# None of them is started, unless it was here.
policy=/usr/sbin/policy-rc.d
unwanted=()
for service in ${services[@]+"${services[@]}"}; do
  if [ ! -e "/etc/init.d/$service" ]; then unwanted+=("$service"); fi
done
if [ ${#unwanted[@]} -gt 0 ] && [ ! -e "$policy" ]; then
  trap '${as_root[@]+"${as_root[@]}"} rm -f "$policy"' EXIT
  # what a package asks before it starts a service, and is told no
  printf '#!/bin/sh\nexit 101\n' | ${as_root[@]+"${as_root[@]}"} install -m 755 /dev/stdin "$policy"
fi

echo "setup: installing ${packages[*]} with apt-get"
# ${as_root[@]+…}: an empty list is an error under `set -u` in the bash of macOS.
${as_root[@]+"${as_root[@]}"} apt-get update -qq
${as_root[@]+"${as_root[@]}"} env DEBIAN_FRONTEND=noninteractive \
  apt-get install -y -qq --no-install-recommends "${packages[@]}"
for service in ${unwanted[@]+"${unwanted[@]}"}; do
  ${as_root[@]+"${as_root[@]}"} update-rc.d "$service" disable >/dev/null 2>&1 || true
done
echo "setup: done"
