#!/usr/bin/env bash
# npm run setup: installs what the tests need beyond npm's packages, which is a Chromium or Chrome, MariaDB, and on
# Linux iproute2 and systemd. For node before 22.16, which has no SQLite of its own, also the package better-sqlite3.
# Does nothing when they are there. With UPDATE_SCREENSHOTS=1 also the fonts of the README's screenshots.
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

# A driver is the application's to install, so it is none of our dependencies, and npm installs no optional peer of this
# package here. It lies in a folder of its own, for each version of node: where npm finds no binary, it compiles for two minutes.
if ! node --no-warnings -e "process.exit('columns' in require('node:sqlite').StatementSync.prototype ? 0 : 1)" 2>/dev/null &&
  ! node -e "new (require('better-sqlite3'))(':memory:')" 2>/dev/null; then
  driver="${XDG_CACHE_HOME:-$HOME/.cache}/gatewayworker-tests/better-sqlite3-$(node -p process.versions.modules)"
  if ! (cd "$driver" 2>/dev/null && node -e "new (require('better-sqlite3'))(':memory:')" 2>/dev/null); then
    echo "setup: installing better-sqlite3 with npm, in $driver"
    mkdir -p "$driver"
    echo '{}' >"$driver/package.json"
    npm install --prefix "$driver" --no-audit --no-fund better-sqlite3@12
  fi
  ln -sfn "$driver/node_modules/better-sqlite3" node_modules/better-sqlite3
fi

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
# The unit in docs/deployment.md is verified, not started.
if [ "$(uname)" = Linux ] && ! command -v systemd-analyze >/dev/null; then packages+=(systemd); fi
# Without the package that runs it as a service: the tests start it by themselves, on ports and in folders of their own.
if ! { PATH="$PATH:/usr/sbin:/sbin" command -v mariadbd && command -v mariadb-install-db && command -v my_print_defaults; } >/dev/null; then
  packages+=(mariadb-server-core mariadb-client-core)
fi
# The tests start nginx by themselves, and make certificates as the documents say.
if ! PATH="$PATH:/usr/sbin:/sbin" command -v nginx >/dev/null; then packages+=(nginx-light); fi
for program in curl openssl; do
  if ! command -v "$program" >/dev/null; then packages+=("$program"); fi
done
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

echo "setup: installing ${packages[*]} with apt-get"
# ${as_root[@]+…}: an empty list is an error under `set -u` in the bash of macOS.
${as_root[@]+"${as_root[@]}"} apt-get update -qq
${as_root[@]+"${as_root[@]}"} env DEBIAN_FRONTEND=noninteractive \
  apt-get install -y -qq --no-install-recommends "${packages[@]}"
echo "setup: done"
