#!/bin/sh
# Builds everything with warnings as errors, runs every test, and ends with one line: "N passed, N failed, N skipped".
# Needs the .NET 10 SDK. Exit code 0 only when tests ran and none failed. Works without a terminal and with an empty package folder.
#
#   ./test.sh                    the built-in engine; with Orleans' packages at hand its flavour is built too, and engines are changed
#   ./test.sh --engine orleans   the same suite on Microsoft Orleans
#
# ORLEANS_PACKAGES may name a further package source (a folder or an address) for Microsoft.Orleans.*.
set -eu
cd "$(dirname "$0")"

engine=builtin
while [ $# -gt 0 ]; do
    case "$1" in
        --engine) engine="${2:-}"; shift ;;
        --engine=*) engine="${1#*=}" ;;
        *) engine="$1" ;;
    esac
    shift || true
done
case "$engine" in
    builtin | orleans) ;;
    *) printf '%s\n' "usage: ./test.sh [--engine builtin|orleans]" >&2; exit 2 ;;
esac

export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1
# A compiler or build node that stays behind would keep the output of a pipe open, and the caller waiting.
export MSBUILDDISABLENODEREUSE=1 DOTNET_CLI_USE_MSBUILD_SERVER=0

say() { printf '%s\n' "$*" >&2; }

command -v dotnet >/dev/null 2>&1 || { say "The .NET 10 SDK is missing: https://dotnet.microsoft.com/download/dotnet/10.0"; exit 1; }

# zstd and LZ4 come from the system's own libraries (Debian names below).
has_library() { find /lib /usr/lib /usr/local/lib -name "$1" 2>/dev/null | grep -q .; }
missing=""
has_library 'libzstd.so.1*' || missing="$missing libzstd1"
has_library 'liblz4.so.1*' || missing="$missing liblz4-1"
# Tests start PostgreSQL servers of their own; 15 or later will do.
has_postgres() { ls -d /usr/lib/postgresql/*/bin/postgres 2>/dev/null | grep -qE '/(1[5-9]|[2-9][0-9])/bin/postgres$'; }
has_postgres || missing="$missing postgresql"
command -v curl >/dev/null 2>&1 || missing="$missing curl" # A test runs what README.md tells newcomers to paste.
if [ -n "$missing" ]; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        export DEBIAN_FRONTEND=noninteractive
        # shellcheck disable=SC2086 # One word each.
        apt-get install -y --no-install-recommends $missing >/dev/null 2>&1 \
            || { apt-get update >/dev/null && apt-get install -y --no-install-recommends $missing >/dev/null; }
    else
        say "Missing:$missing. Install them with: sudo apt-get install$missing"
        exit 1
    fi
fi

# Whether Orleans' packages restore is soon known: most registries either have them or not.
restore_seconds=90
orleans="-p:GrainEngine=Orleans"
[ -z "${ORLEANS_PACKAGES:-}" ] || orleans="$orleans -p:RestoreAdditionalProjectSources=$ORLEANS_PACKAGES"
status=0
why_not=""
restoring=$(mktemp)
# shellcheck disable=SC2086 # Options.
timeout -k 10 "$restore_seconds" dotnet restore Tests/Tests.csproj $orleans -v q --disable-build-servers >"$restoring" 2>&1 || status=$?
has_orleans=1
if [ "$status" != 0 ]; then
    has_orleans=0
    case "$status" in
        124 | 137) why_not=" (no answer within $restore_seconds s)" ;;
        *) why_not=$(sed -n 's/.*error \(NU[0-9]*: .*\)/\1/p' "$restoring" | sed 's/ *\[[^]]*\]$//; s/\. *$//; s/.*/ (&)/' | head -n 1) ;;
    esac
fi
rm -f "$restoring"
if [ "$has_orleans" = 0 ] && [ "$engine" = orleans ]; then
    say "Orleans' packages do not restore here$why_not. ORLEANS_PACKAGES can name a source that has them."
    exit 1
fi

flavour=""
if [ "$engine" = builtin ] || [ "$has_orleans" = 1 ]; then
    dotnet build EsoCore.sln -c Release -v q -warnaserror --disable-build-servers
fi
if [ "$has_orleans" = 1 ]; then
    # shellcheck disable=SC2086 # Options.
    dotnet build EsoCore.sln -c Release -v q -warnaserror --disable-build-servers $orleans
    if [ "$engine" = orleans ]; then
        flavour="$orleans"
        ESOCORE_TEST_OTHER_BUILD="$PWD/Silo/bin/Release/net10.0"
    else
        ESOCORE_TEST_OTHER_BUILD="$PWD/Silo/bin/orleans/Release/net10.0"
    fi
    export ESOCORE_TEST_OTHER_BUILD
else
    say "Orleans flavour: not built, its packages do not restore here$why_not."
fi

results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
status=0
# shellcheck disable=SC2086 # Options.
dotnet test Tests/Tests.csproj -c Release --no-build $flavour --logger "console;verbosity=minimal" \
    --logger "trx;LogFileName=tests.trx" --results-directory "$results" || status=$?

# One element holds the sums: <Counters total="9" executed="8" passed="7" failed="1" .../>. What was not executed was skipped.
counters=$(tr '\n' ' ' <"$results/tests.trx" 2>/dev/null | grep -o '<Counters [^>]*>' | tail -n 1) || counters=""
count() { printf '%s' "$counters" | sed -n "s/.* $1=\"\([0-9]*\)\".*/\1/p" | grep . || echo 0; }
passed=$(count passed)
failed=$(($(count failed) + $(count error) + $(count timeout) + $(count aborted)))
skipped=$(($(count total) - $(count executed)))

if [ "$((passed + failed))" = 0 ]; then
    say "No test ran."
    status=1
elif [ "$status" != 0 ] && [ "$failed" = 0 ]; then
    say "The test run broke off before its end (exit code $status)."
fi
[ "$failed" = 0 ] || status=1
echo "$passed passed, $failed failed, $skipped skipped"
exit "$status"
