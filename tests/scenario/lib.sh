# shellcheck shell=sh
# shellcheck disable=SC2034 # the stories use them
# lib.sh - one whole installation in a directory of its own, for one story.
#
#   . "${0%/*}/lib.sh"
#   install_here                      writes $home/filrouge.yaml: free ports, fresh secrets; see the knobs below
#   start                             fil up, and waits until every service is ready
#   agent_in ann                      signs in at the desk and is available
#   ticket=$(form "Where is it?")     a customer fills in the contact form
#   answer ann "On its way."          the agent takes what he is offered and answers
#   wait_for "the answer at the ticket" answered "$ticket" "On its way."
#
# The desk and the contact form are spoken to with curl, not with fil: what fil says is compared with what agents
# and customers see, never with itself.  A story ends at its first surprise, shows the end of the log, and leaves
# nothing behind (FR_KEEP=1: keeps $home).
set -eu

top=$(CDPATH='' cd -- "${0%/*}/../.." && pwd)
bin=${FR_BUILD_DIR:-$top/build}/bin
fil=$bin/fil
tools=${FR_BUILD_DIR:-$top/build}/tests/scenario
story=${0##*/}
home=$(mktemp -d "${TMPDIR:-/tmp}/fr.XXXXXX")
config=$home/filrouge.yaml
up_pid=
others=            # further processes of this story, ended with it
patience=${FR_PATIENCE:-30} # seconds; for what must happen, however slow the machine

# ---- knobs: set them before install_here ----
offer_time=20s
policies="{name: all, first_response: 1h, next_response: 1h, warn_at_percent: 80}"
more_routing=      # further lines of a section, indented by two
more_conversations=
more_sla=
more_top=          # further sections of the top level
more_stage=
more_email=        # in channel_email, likewise
more_account=      # in its account shop, as `, key: value`
smarthost="smtp://127.0.0.1:9" # where mail goes that the shop sends
more_agents=       # in routing, indented by four
more_desk_agents=  # at the desk, likewise
remote=            # "yes": the desk is a remote site with a file of its own, $home/site.yaml; see start_site

# ---- saying how it went ----

step() { printf '%s: %s\n' "$story" "$*"; }

skip() {
    printf '%s: skipped: %s\n' "$story" "$*"
    exit 77
}

fail() {
    printf '%s: FAILED: %s\n' "$story" "$*" >&2
    if [ -f "$home/log" ]; then
        printf -- '---- the end of the log ----\n' >&2
        tail -n "${FR_LOG_LINES:-40}" "$home/log" >&2
    fi
    exit 1
}

# equal WHAT ACTUAL EXPECTED
equal() { [ "$2" = "$3" ] || fail "$1: expected '$3', got '$2'"; }

# contains WHAT TEXT PART
contains() {
    case "$2" in
    *"$3"*) ;;
    *) fail "$1: expected to find '$3' in: $2" ;;
    esac
}

# wait_for WHAT COMMAND...: until it succeeds
wait_for() {
    wait_what=$1
    shift
    wait_until=$(($(date +%s) + patience))
    until "$@" >"$home/wait.out" 2>&1; do
        [ "$(date +%s)" -lt "$wait_until" ] ||
            fail "$wait_what did not happen in $patience s; the last look said: $(head -c 600 "$home/wait.out")"
        sleep 0.05
    done
}

# ---- beginning and end ----

end_process() { # PID: politely, then not
    kill -TERM "$1" 2>/dev/null || return 0
    end_until=$(($(date +%s) + 25))
    while kill -0 "$1" 2>/dev/null && [ "$(date +%s)" -lt "$end_until" ]; do sleep 0.05; done
    kill -KILL "$1" 2>/dev/null || true
    wait "$1" 2>/dev/null || true
}

leave() {
    leave_status=$?
    trap - EXIT
    for leave_pid in $others $up_pid; do end_process "$leave_pid"; done
    if [ -n "${FR_KEEP:-}" ]; then
        printf '%s: kept %s\n' "$story" "$home" >&2
    else
        rm -rf "$home"
    fi
    exit "$leave_status"
}
trap leave EXIT
trap 'exit 130' INT TERM

# ---- the installation ----

ports=
free_port() { # into $port; below the range that the kernel gives to clients
    while :; do
        port=$((10000 + $(od -An -N2 -tu2 /dev/urandom) % 22000))
        case " $ports " in *" $port "*) continue ;; esac
        [ -z "$(ss -Hltn "sport = :$port")" ] && break
    done
    ports="$ports $port"
}

secret() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }

install_here() {
    free_port && form_port=$port
    free_port && chat_port=$port
    free_port && desk_port=$port
    free_port && lmtp_port=$port
    for service in channel_webchat channel_webform channel_email identity conversations routing sla sites desk; do
        free_port && eval "admin_$service=\$port"
    done
    desk=http://127.0.0.1:$desk_port
    forms=http://127.0.0.1:$form_port
    chat=http://127.0.0.1:$chat_port
    mkdir -p "$home/state" "$home/run" "$home/secrets"
    chmod 700 "$home/state" "$home/run" "$home/secrets"
    for name in shop outlet mail ann bob cyd dee robots; do secret >"$home/secrets/$name"; done
    [ -z "$remote" ] || make_link
    write_config
    export FILROUGE_CONFIG="$config"
}

# The hub's file, and the site's when it is another.
write_config() {
    write_hub
    if [ -n "$remote" ]; then
        write_site
    else
        write_desk >>"$config"
    fi
}

write_hub() {
    cat >"$config" <<END
state: $home/state
run: $home/run
channels: [channel_webchat, channel_webform, channel_email]
desks: [inhouse]
brands:
  shop: {title: The Shop, token_secret: "file:$home/secrets/shop"}
  outlet: {title: The Outlet, token_secret: "file:$home/secrets/outlet"}
stage:
  journal_reserve: 1MiB
${more_stage:-}
${more_top:-}
channel_webchat:
  listen: "127.0.0.1:$chat_port"
  stage: {admin: "127.0.0.1:${admin_channel_webchat:?}"}
  accounts:
    shop: {brand: shop, allow_origins: ["https://shop.example"]}
    outlet: {brand: outlet, allow_origins: ["*"]}
channel_webform:
  listen: "127.0.0.1:$form_port"
  stage: {admin: "127.0.0.1:${admin_channel_webform:?}"}
  accounts:
    shop: {brand: shop}
    outlet: {brand: outlet}
channel_email:
  listen: "127.0.0.1:$lmtp_port"
  stage: {admin: "127.0.0.1:${admin_channel_email:?}"}
  reply_secret: "file:$home/secrets/mail"
  smarthost: {url: "$smarthost", tls: never}
  accounts:
    shop: {brand: shop, address: support@shop.example, title: The Shop${more_account:-}}
    outlet: {brand: outlet, address: support@outlet.example, title: The Outlet}
${more_email:-}
identity:
  stage: {admin: "127.0.0.1:${admin_identity:?}"}
conversations:
  stage: {admin: "127.0.0.1:${admin_conversations:?}"}
${more_conversations:-}
routing:
  stage: {admin: "127.0.0.1:${admin_routing:?}"}
  offer_time: $offer_time
${more_routing:-}
  agents:
    ann: {site: inhouse, title: Ann}
    bob: {site: inhouse, title: Bob}
    cyd: {site: inhouse, title: Cyd}
${more_agents:-}
sla:
  stage: {admin: "127.0.0.1:${admin_sla:?}"}
  policies: [$policies]
${more_sla:-}
sites:
  contracts: [{name: inhouse${more_contract:-}}]
  stage:
    admin: "127.0.0.1:${admin_sites:?}"
${sites_link:-}
END
}

# Agents for fil agent-bot and fil replay: much room, and the password that fil reads from the configuration.
robots() { # before install_here
    for robot in robo1 robo2 robo3 robo4; do
        more_agents="$more_agents
    $robot: {site: inhouse, capacity: [{channel: '*', weight: 5}]}"
        more_desk_agents="$more_desk_agents
    $robot: {password: 'file:$home/secrets/robots'}"
    done
}

write_desk() {
    cat <<END
desk:
  site: inhouse
  listen: "127.0.0.1:$desk_port"
  stage: {admin: "127.0.0.1:${admin_desk:?}"${desk_keys:-}}
  agents:
    ann: {title: Ann, password: "file:$home/secrets/ann"${ann_is:-}}
    bob: {title: Bob, password: "file:$home/secrets/bob"}
    cyd: {title: Cyd, password: "file:$home/secrets/cyd"}
${more_desk_agents:-}
END
}

# ---- a remote site: one service, one file, one key pair; it dials out, and nothing of the hub is on its machine ----

new_keys() { # NAME: its secret key into a file; prints the public one
    "$fil" keys new --run "$home/run" --out "$home/secrets/$1.key" --json | jq -er .public_key
}

make_link() { # before install_here writes the files: keys for both ends, and who may connect
    hub_key=$(new_keys hub)
    site_key=$(new_keys site)
    free_port && link_port=$port
    admit "${known_site_key:-$site_key}"
    desk_keys=", secret_key: \"file:$home/secrets/site.key\", public_key: '$site_key'"
}

admit() { # PUBLIC-KEY: the hub's list of who may connect; for the next write_hub
    sites_link="    listen: [\"tcp://127.0.0.1:$link_port\"]
    secret_key: \"file:$home/secrets/hub.key\"
    public_key: '$hub_key'
    peers: [{name: desk.inhouse, key: '$1', routes: [site.inhouse]}]"
}

write_site() {
    mkdir -p "$home/site/state" "$home/site/run"
    chmod 700 "$home/site/state" "$home/site/run"
    cat >"$home/site.yaml" <<END
state: $home/site/state
run: $home/site/run
endpoints:
  sites: {endpoint: "tcp://127.0.0.1:$link_port", key: '$hub_key'}
END
    write_desk >>"$home/site.yaml"
}

start_site() {
    "$bin/filrouge-desk" --config "$home/site.yaml" 2>>"$home/log" &
    site_pid=$!
    others="$others $site_pid"
}

services="channel_webchat channel_webform channel_email identity conversations routing sla sites desk"
journal_of() { if [ "$1" = desk ]; then echo desk.inhouse; else echo "$1"; fi; }
program_of() { echo "$bin/filrouge-$(echo "$1" | tr _ -)"; }

start() {
    [ -n "${config:-}" ] || fail "install_here comes before start"
    # it ends with us even when we are killed
    setpriv --pdeathsig TERM "$fil" up --config "$config" >>"$home/up.out" 2>>"$home/log" &
    up_pid=$!
    wait_for "every service ready" all_ready
}
all_ready() {
    kill -0 "$up_pid" 2>/dev/null || fail "fil up ended by itself"
    "$fil" status --config "$config"
}

stop() {
    end_process "$up_pid"
    up_pid=
}

# The same without fil up and its back-off: whatever ends is started again at once.  For stories that kill a lot.
start_restless() {
    for restless in $services; do
        (
            trap 'kill -TERM "$child" 2>/dev/null; wait; exit 0' TERM
            while kill -0 $$; do
                setpriv --pdeathsig TERM "$(program_of "$restless")" --config "$config" 2>>"$home/log" &
                child=$!
                echo "$child" >"$home/pid.$restless"
                wait "$child" || true
                sleep 0.05
            done
        ) 2>/dev/null &
        others="$others $!"
    done
    wait_for "every service ready" "$fil" status
}

pid_of() { # SERVICE
    "$fil" status --config "$config" --json |
        jq -er --arg journal "$(journal_of "$1")" '.items[] | select(.journal == $journal) | .pid // empty'
}

kill_hard() { # SERVICE: as a power cut would; fil up starts it again
    kill_pid=$(pid_of "$1") || return 1
    kill -KILL "$kill_pid"
}

# What a counter says now: counter SERVICE NAME
counter() {
    counter_port=$(eval "echo \$admin_$1")
    curl -sf "http://127.0.0.1:$counter_port/metrics" | awk -v name="$2" '
        $1 ~ "^" name "(\\{|$)" { sum += $2; found = 1 }
        END { if (!found) exit 1; printf "%d\n", sum }'
}

# How many records a service has written by what came to it: not those about itself.
written() {
    "$fil" journal tail "$1" -n 100000 --json | jq -s '[.[] | select(.kind | IN("ClockNoted", "StageStarted") | not)] | length'
}
# The number of the last record in a service's journal.
last_seq() { counter "$1" filrouge_journal_seq; }

# What happened, from a service's journal: records SERVICE KIND, one JSON object per line.
records() { "$fil" journal tail "$1" -n 100000 --kind "$2" --json; }
record_count() { records "$1" "$2" | wc -l; }
recorded() { records "$1" "$2" | jq -es "${3:-length > 0}"; } # SERVICE KIND [JQ over the list]

# One record as a broken or newer service might have written it; the service must be stopped.
append_record() { # SERVICE KIND JSON|raw:TEXT
    append_to=$(journal_of "$1")
    "$tools/scenario-append" "$home/state/$append_to/journal" "$append_to" "$2" "$3" || fail "could not append to $append_to"
}

# What agents wrote and were told is kept, against what is at the tickets; a reply that was refused was shown to its
# author instead.
answers_agree() {
    agree_written=$(record_count desk ReplyWritten)
    agree_kept=$(records channel_webform AnswerKept | jq -c 'select(.body.direction == "TO_CUSTOMER") | .body.message_id' | sort -u | wc -l)
    agree_refused=$(records sites WorkRefused | jq -c 'select(.body.text != null)' | wc -l)
    echo "agents wrote $agree_written answers, $agree_kept are at the tickets, $agree_refused were refused"
    [ "$agree_written" = $((agree_kept + agree_refused)) ]
}

# ---- customers ----

form_raw() { # BODY [curl options]: prints the answer, the status in $home/form.status
    form_body=$1
    shift
    curl -s -o "$home/form.out" -w '%{http_code}' -X POST "$forms/form/${account:-shop}" \
        -H 'content-type: application/json' --data-binary "$form_body" "$@" >"$home/form.status" || return 1
    cat "$home/form.out"
}

form() { # TEXT [NAME [TOKEN]]: prints the ticket
    form_raw "$(jq -nc --arg message "$1" --arg name "${2:-Zoe}" --arg token "${3:-}" \
        '{message: $message, name: $name} + if $token == "" then {} else {customer_token: $token} end')" >/dev/null
    equal "the form's status" "$(cat "$home/form.status")" 201
    jq -er .ticket "$home/form.out"
}

message_id() { jq -er .id "$home/form.out"; } # of the last form

answers() { # TICKET: one text per line
    curl -sf -H 'accept: application/json' "$forms/form/answer?ticket=$1" | jq -r '.answers[].text'
}
answered() { answers "$1" | grep -qxF -- "$2"; } # TICKET TEXT
ticket_shows() { # TICKET JQ
    curl -sf -H 'accept: application/json' "$forms/form/answer?ticket=$1" | jq -e "$2"
}

# The chat: a window is a process that holds its socket; what it heard is in $home/window.NAME.
window() { # NAME [SESSION [LAST [TOKEN]]]: opens the chat; a browser's origin goes with it
    mkfifo "$home/mouth.$1"
    "$tools/scenario-socket" "127.0.0.1:$chat_port" "/chat/socket?account=${account:-shop}" filrouge.chat.1 \
        "Origin: https://shop.example" <"$home/mouth.$1" >"$home/window.$1" &
    others="$others $!"
    eval "window_$1=\$!"
    eval "[ -n \"\${mouth_$1:-}\" ] || mouth_$1=\$((window_fd += 1))" # dash knows 3 to 9: seven windows
    eval "exec $(eval "echo \$mouth_$1")>\"\$home/mouth.$1\""
    say_raw "$1" "$(jq -nc --arg session "${2:-}" --argjson last "${3:-0}" --arg token "${4:-}" '{type: "open", last: $last}
        + (if $session == "" then {} else {session: $session} end)
        + (if $token == "" then {} else {customer_token: $token} end)')"
}
window_fd=2
close_window() { # NAME
    eval "exec $(eval "echo \$mouth_$1")>&-"
    end_process "$(eval "echo \$window_$1")"
    rm -f "$home/mouth.$1"
}
say_raw() { # NAME LINE; into the void when the window has been closed from the other side
    (
        trap '' PIPE
        eval "printf '%s\n' \"\$2\" >&$(eval "echo \$mouth_$1")"
    ) 2>/dev/null || true
}
said=0
say() { # NAME TEXT: leaves the message's client id in $say_id
    said=$((said + 1))
    say_id=${story%%_*}-$said
    say_raw "$1" "$(jq -nc --arg id "$say_id" --arg text "$2" '{type: "message", id: $id, text: $text}')"
}
window_shows() { jq -es "$2" "$home/window.$1"; } # NAME JQ over the list of everything it heard
# What stands in the chat: one text per line, as the positions tell.
chat_texts() { jq -sr '[.[] | select(.type == "entries") | .entries[]] | unique_by(.seq) | .[].text' "$home/window.$1"; }
chat_has() { chat_texts "$1" | grep -qxF -- "$2"; }
chat_session() { jq -sr '[.[] | select(.type == "opened") | .session] | last' "$home/window.$1"; }

# A token as the shop's server signs it, independent of our own code: customer_token LOG-IN [BRAND [SECRET]]
base64url() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }
customer_token() {
    token_brand=${2:-shop}
    token_body=$(jq -nc --arg sub "$1" --arg brand "$token_brand" --argjson exp $(($(date +%s) + 3600)) \
        '{sub: $sub, brand: $brand, name: $sub, exp: $exp,
            email: ($sub + "@example.org"), email_verified: true}' | tr -d '\n' | base64url)
    token_secret=${3:-$(cat "$home/secrets/$token_brand")}
    printf '%s.%s' "$token_body" "$(printf '%s' "$token_body" |
        openssl dgst -sha256 -hmac "$token_secret" -binary | base64url)"
}

# ---- agents ----

sign_in() { # NAME
    jq -nc --arg name "$1" --arg password "$(cat "$home/secrets/$1")" '{name: $name, password: $password}' |
        curl -s -o "$home/login.out" -w '%{http_code}' -c "$home/$1.jar" -X POST "$desk/api/login" \
            -H 'content-type: application/json' --data-binary @- | grep -qx 200
}

act_count=0
act() { # NAME ACTION JSON: every action has an id of its own; "done" or a failure
    act_count=$((act_count + 1))
    act_body=$(printf '%s' "$3" | jq -c --arg id "${story%%_*}-$$-$act_count" '{id: $id} + .')
    curl -s -b "$home/$1.jar" -X POST "$desk/api/$2" -H 'content-type: application/json' \
        --data-binary "$act_body" >"$home/act.out"
    jq -e .done "$home/act.out" >/dev/null
}

see() { curl -sf -b "$home/$1.jar" "$desk/api/state"; } # NAME: what his desk shows, as JSON

desk_shows() { see "$1" | jq -e "$2"; } # NAME JQ
# One member of the conversation in $conversation, as NAME's desk shows it: talk NAME MEMBER
talk() {
    see "$1" | jq -cer --arg id "$conversation" --arg member "$2" \
        '.conversations[] | select(.conversation == $id) | .[$member]'
}

agent_in() { # NAME
    wait_for "$1 signs in" sign_in "$1"
    present "$1" available
}

offer_of() { see "$1" | jq -er '.offers[] | select(.state == "offered") | .offer' | head -n 1 | grep .; }
has_offer() { offer_of "$1"; }

# Takes the next offer and leaves its conversation in $conversation.
accept() { # NAME
    wait_for "an offer for $1" has_offer "$1"
    accept_offer=$(offer_of "$1") || fail "the offer for $1 went away"
    conversation=$(see "$1" | jq -er --arg offer "$accept_offer" '.offers[] | select(.offer == $offer) | .conversation')
    act "$1" accept "{\"offer\": \"$accept_offer\"}" || fail "$1 could not accept: $(cat "$home/act.out")"
    wait_for "the conversation on $1's desk" has_conversation "$1" "$conversation"
}
has_conversation() { # NAME CONVERSATION: confirmed by the hub, with its history
    see "$1" | jq -e --arg id "$2" '.conversations[] | select(.conversation == $id and (.entries | length) > 0)'
}

reply() { # NAME CONVERSATION TEXT
    act "$1" reply "$(jq -nc --arg conversation "$2" --arg text "$3" '{conversation: $conversation, text: $text}')" ||
        fail "$1 could not reply: $(cat "$home/act.out")"
}

answer() { # NAME TEXT: takes the next offer and answers it
    accept "$1"
    reply "$1" "$conversation" "$2"
}

present() { # NAME available|away
    act "$1" presence "{\"state\": \"$2\"}" || fail "$1 could not be $2: $(cat "$home/act.out")"
}

finish() { # NAME CONVERSATION [OUTCOME]
    act "$1" finish "$(jq -nc --arg conversation "$2" --arg outcome "${3:-solved}" \
        '{conversation: $conversation, outcome: $outcome}')" || fail "$1 could not finish: $(cat "$home/act.out")"
}
