# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # the stories use them; lib.sh sets them
# mail.sh - real mail servers for one story: postfix and dovecot on loopback, each with its own folder and ports.
#
#   . "${0%/*}/lib.sh"
#   . "${0%/*}/mail.sh"
#   install_here; start               as always: channel_email is one of the services
#   start_dovecot                     takes mail by LMTP, shows it by IMAP: any user, password "secret"
#   start_postfix                     takes mail at $smtp_port: for shop.example it goes to our LMTP, for
#                                     customer.example to dovecot
#   mail_in --from zoe@customer.example --header "Subject: Where?" --body "Where is my parcel?"
#   wait_for "the answer" inbox_has zoe "It left our house"
#
# Both must be started as root: they give their processes users of their own.  They are ended by their pids.

mail_needs_root() {
    [ "$(id -u)" -eq 0 ] || skip "postfix and dovecot are started by root only"
    for needed in /usr/sbin/postfix /usr/sbin/dovecot /usr/bin/swaks; do
        [ -x "$needed" ] || skip "$needed is missing: deploy/need test installs it"
    done
    chmod 711 "$home" # their users must get through
}

listens() { [ -n "$(ss -Hltn "sport = :$1")" ]; }

# ---- postfix ----

routes() { # where postfix sends what
    for routes_domain in shop.example outlet.example ${more_domains:-}; do
        printf '{%s=lmtp:inet:127.0.0.1:%s},' "$routes_domain" "$lmtp_port"
    done
    printf '{customer.example=lmtp:inet:127.0.0.1:%s}%s' "${dovecot_lmtp_port:-9}" "${more_routes:-}"
}

write_postfix() {
    cat >"$home/postfix/main.cf" <<END
compatibility_level = 3.6
queue_directory = $home/postfix/queue
data_directory = $home/postfix/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
maillog_file = $home/postfix/log
maillog_file_prefixes = $home/postfix
myhostname = mx.test.example
mydestination =
local_transport = error:nobody is local
default_transport = error:nothing leaves this machine
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_peername_lookup = no
smtpd_client_connection_count_limit = 100
transport_maps = inline:{$(routes)}
alias_maps =
queue_run_delay = 1s
minimal_backoff_time = 1s
maximal_backoff_time = 1s
lmtp_connect_timeout = 5s
in_flow_delay = 0
smtputf8_enable = yes
message_size_limit = 60000000
END
    echo "127.0.0.1:$smtp_port inet n - n - - smtpd" >"$home/postfix/master.cf"
    cat >>"$home/postfix/master.cf" <<'END'
cleanup unix n - n - 0 cleanup
qmgr unix n - n 2 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
pickup unix n - n 60 1 pickup
smtp unix - - n - - smtp
lmtp unix - - n - - lmtp
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
tlsmgr unix - - n 1000? 1 tlsmgr
postlog unix-dgram n - n - 1 postlogd
END
}

start_postfix() {
    mail_needs_root
    [ -n "${smtp_port:-}" ] || { free_port && smtp_port=$port; }
    mkdir -p "$home/postfix/queue" "$home/postfix/data"
    chown postfix "$home/postfix/data"
    write_postfix
    postfix -c "$home/postfix" check >>"$home/postfix/out" 2>&1 # makes its queues
    MAIL_CONFIG=$home/postfix setpriv --pdeathsig TERM /usr/lib/postfix/sbin/master -c "$home/postfix" -d >>"$home/postfix/out" 2>&1 &
    postfix_pid=$!
    others="$others $postfix_pid"
    wait_for "postfix at port $smtp_port" listens "$smtp_port"
}

stop_postfix() { end_process "$postfix_pid"; }

# Mails that postfix still has in hand.
postfix_queue() {
    find "$home/postfix/queue/maildrop" "$home/postfix/queue/incoming" "$home/postfix/queue/active" \
        "$home/postfix/queue/deferred" -type f 2>/dev/null | wc -l
}
postfix_empty() { [ "$(postfix_queue)" -eq 0 ]; }

# ---- dovecot ----

start_dovecot() {
    mail_needs_root
    [ -n "${imap_port:-}" ] || { free_port && imap_port=$port; }
    [ -n "${dovecot_lmtp_port:-}" ] || { free_port && dovecot_lmtp_port=$port; }
    mkdir -p "$home/dovecot/mail"
    chown nobody "$home/dovecot/mail"
    cat >"$home/dovecot/dovecot.conf" <<END
base_dir = $home/dovecot/run
state_dir = $home/dovecot/state
log_path = $home/dovecot/log
protocols = imap lmtp
ssl = no
disable_plaintext_auth = no
first_valid_uid = 1
auth_username_format = %Ln
mail_location = maildir:$home/dovecot/mail/%n
passdb {
  driver = static
  args = password=secret
}
userdb {
  driver = static
  args = uid=nobody gid=nogroup home=$home/dovecot/mail/%n allow_all_users=yes
}
service imap-login {
  chroot =
  inet_listener imap {
    address = 127.0.0.1
    port = $imap_port
  }
  inet_listener imaps {
    port = 0
  }
}
service lmtp {
  inet_listener lmtp {
    address = 127.0.0.1
    port = $dovecot_lmtp_port
  }
}
END
    setpriv --pdeathsig TERM dovecot -F -c "$home/dovecot/dovecot.conf" >>"$home/dovecot/out" 2>&1 &
    dovecot_pid=$!
    others="$others $dovecot_pid"
    wait_for "dovecot at port $imap_port" listens "$imap_port"
    wait_for "dovecot's LMTP" listens "$dovecot_lmtp_port"
}

# ---- what customers do ----

mail_in() { # swaks options: a mail to the shop by way of postfix
    swaks --silent 2 --server "127.0.0.1:$smtp_port" --ehlo customer.example --to "${mail_to:-support@shop.example}" "$@" \
        >"$home/swaks.out" 2>&1 || fail "swaks: $(tail -n 5 "$home/swaks.out")"
}
lmtp_in() { # swaks options: the same straight to our LMTP; the dialogue in $home/swaks.out
    swaks --protocol LMTP --server "127.0.0.1:$lmtp_port" --ehlo mx.example --to "${mail_to:-support@shop.example}" "$@" \
        >"$home/swaks.out" 2>&1
}

# IMAP as a mail program speaks it.
imap() { curl -sf --max-time 20 "imap://127.0.0.1:$imap_port/INBOX" -u "$1:secret" -X "$2"; } # USER COMMAND
inbox_uids() { imap "$1" "UID SEARCH ALL" | tr -d '\r' | sed -n 's/^\* SEARCH *//p' | tr ' ' '\n' | grep . || true; }
inbox_count() { inbox_uids "$1" | wc -l; }
inbox_mail() { curl -sf --max-time 20 "imap://127.0.0.1:$imap_port/INBOX;UID=$2" -u "$1:secret" | tr -d '\r'; } # USER UID
inbox_find() { # USER TEXT: the UID of the first mail that holds it
    for inbox_uid in $(inbox_uids "$1"); do
        if inbox_mail "$1" "$inbox_uid" | grep -qF -- "$2"; then
            echo "$inbox_uid"
            return 0
        fi
    done
    return 1
}
inbox_has() { inbox_find "$1" "$2" >/dev/null; }
header_of() { # NAME < mail: its value, unfolded
    awk -v name="$(printf '%s' "$1" | tr '[:upper:]' '[:lower:]'):" '
        /^$/ { exit }
        /^[ \t]/ { if (on) printf "%s", " " substr($0, 2); next }
        { on = tolower(substr($0, 1, length(name))) == name; if (on) { sub(/^[^:]*: */, ""); printf "%s", $0 } }'
}
