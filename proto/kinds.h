/* kinds.h - the number of each kind of record, the message in its body, and its name.
 *
 * Numbers are for ever; a new kind takes the next free number of its block.  See proto/README.md.
 */
#ifndef FR_PROTO_KINDS_H
#define FR_PROTO_KINDS_H

#include <stdint.h>
#include <protobuf-c/protobuf-c.h>
#include <jansson.h>

#define FR_SCHEMA 1 /* raised when readers must know something new to read safely */

#define FR_KIND_END 0u
#define FR_KIND_ANY 0xffffffffu

/* clang-format off */
#define FR_KINDS(X) \
    /* stage */ \
    X(0x0001, FR_INPUT_REJECTED,        input_rejected)        \
    X(0x0002, FR_DEAD_ENDED,            dead_ended)            \
    X(0x0003, FR_HANDLING_ATTEMPTED,    handling_attempted)    \
    X(0x0004, FR_TIMER_FIRED,           timer_fired)           \
    X(0x0005, FR_EFFECT_BEGUN,          effect_begun)          \
    X(0x0006, FR_STAGE_STOPPED,         stage_stopped)         \
    X(0x0007, FR_STAGE_STARTED,         stage_started)         \
    X(0x0008, FR_CLOCK_STEPPED,         clock_stepped)         \
    X(0x0009, FR_CLOCK_NOTED,           clock_noted)           \
    /* message */ \
    X(0x0101, FR_MESSAGE_RECEIVED,      message_received)      \
    X(0x0102, FR_VISITOR_IDENTIFIED,    visitor_identified)    \
    X(0x0103, FR_DELIVERY_CHANGED,      delivery_changed)      \
    X(0x0104, FR_ANSWER_KEPT,           answer_kept)           \
    X(0x0105, FR_ANSWERS_SEEN,          answers_seen)          \
    X(0x0106, FR_ANSWERS_ASKED,         answers_asked)         \
    X(0x0107, FR_ANSWER_TRIED,          answer_tried)          \
    X(0x0108, FR_ANSWER_DUE,            answer_due)            \
    X(0x0109, FR_ADDRESSES_FORGOTTEN,   addresses_forgotten)   \
    X(0x010a, FR_WAIT_CHOSEN,           wait_chosen)           \
    X(0x010b, FR_WAIT_SHOWN,            wait_shown)            \
    X(0x0110, FR_EMAIL_ARRIVED,         email_arrived)         \
    X(0x0111, FR_EMAIL_TAKEN,           email_taken)           \
    X(0x0112, FR_MAILBOX_READ,          mailbox_read)          \
    X(0x0113, FR_MAILBOX_ASKED,         mailbox_asked)         \
    X(0x0114, FR_EMAIL_QUEUED,          email_queued)          \
    X(0x0115, FR_EMAIL_TRIED,           email_tried)           \
    X(0x0116, FR_EMAIL_DUE,             email_due)             \
    X(0x0117, FR_EMAILS_FORGOTTEN,      emails_forgotten)      \
    X(0x0118, FR_EMAIL_RETRIED,         email_retried)         \
    X(0x0119, FR_EMAIL_REREAD,          email_reread)          \
    /* identity */ \
    X(0x0201, FR_CUSTOMER_CREATED,      customer_created)      \
    X(0x0202, FR_KEY_ATTACHED,          key_attached)          \
    X(0x0203, FR_CUSTOMERS_MERGED,      customers_merged)      \
    X(0x0204, FR_SUGGESTION_MADE,       suggestion_made)       \
    X(0x0205, FR_CONFLICT_FOUND,        conflict_found)        \
    X(0x0206, FR_MESSAGE_IDENTIFIED,    message_identified)    \
    X(0x0207, FR_VISITOR_RECOGNIZED,    visitor_recognized)    \
    X(0x0208, FR_KEY_REMEMBERED,        key_remembered)        \
    X(0x0209, FR_OBSERVATION_IMPORTED,  observation_imported)  \
    X(0x020a, FR_OBSERVATION_RESOLVED,  observation_resolved)  \
    X(0x020b, FR_KEY_DETACHED,           key_detached)          \
    X(0x020c, FR_KEY_SHARED,             key_shared)            \
    X(0x020d, FR_OBSERVATION_MOVED,      observation_moved)     \
    X(0x020e, FR_REPAIR_ADVANCED,        repair_advanced)       \
    X(0x020f, FR_CUSTOMERS_SPLIT,        customers_split)       \
    X(0x0210, FR_CANNOT_LINK_LIFTED,     cannot_link_lifted)    \
    X(0x0211, FR_SUGGESTION_SETTLED,     suggestion_settled)    \
    X(0x0212, FR_CONFLICT_SETTLED,       conflict_settled)      \
    X(0x0213, FR_CUSTOMER_ERASED,        customer_erased)       \
    X(0x0214, FR_OBSERVATIONS_ERASED,    observations_erased)   \
    X(0x0215, FR_IDENTITY_ACTION_ASKED,  identity_action_asked) \
    X(0x0216, FR_IDENTITY_ACTION_ENDED,  identity_action_ended) \
    X(0x0221, FR_ALIKE_LINK_ASKED,      alike_link_asked)      \
    X(0x0222, FR_OBSERVATIONS_IMPORTED, observations_imported) \
    /* conversation */ \
    X(0x0301, FR_CONVERSATION_OPENED,   conversation_opened)   \
    X(0x0302, FR_MESSAGE_ADDED,         message_added)         \
    X(0x0303, FR_CHANNEL_SWITCHED,      channel_switched)      \
    X(0x0304, FR_TASK_REQUESTED,        task_requested)        \
    X(0x0305, FR_TASK_WITHDRAWN,        task_withdrawn)        \
    X(0x0306, FR_OUTBOUND_REQUESTED,    outbound_requested)    \
    X(0x0307, FR_CONVERSATION_ASSIGNED, conversation_assigned) \
    X(0x0308, FR_CONVERSATION_RESOLVED, conversation_resolved) \
    X(0x0309, FR_CONVERSATION_REOPENED, conversation_reopened) \
    X(0x030a, FR_CONVERSATION_REKEYED,  conversation_rekeyed)  \
    X(0x030b, FR_CONVERSATION_SHARED,   conversation_shared)   \
    X(0x030c, FR_ENTRY_SHARED,          entry_shared)          \
    X(0x030d, FR_DELIVERY_NOTED,        delivery_noted)        \
    X(0x030e, FR_CUSTOMER_REKEYED,      customer_rekeyed)      \
    X(0x030f, FR_IDENTIFIER_NOTED,      identifier_noted)      \
    X(0x0310, FR_TASK_END_NOTED,        task_end_noted)        \
    X(0x0311, FR_REKEY_ADVANCED,        rekey_advanced)        \
    X(0x0312, FR_CUSTOMER_PARTED,       customer_parted)       \
    X(0x0313, FR_TEXTS_ERASED,          texts_erased)          \
    X(0x031c, FR_WAIT_TOLD,             wait_told)             \
    X(0x031d, FR_WAIT_CHOICE_MADE,      wait_choice_made)      \
    X(0x0320, FR_CONVERSATION_CLASSIFIED, conversation_classified) \
    /* routing */ \
    X(0x0401, FR_AGENT_DEFINED,         agent_defined)         \
    X(0x0402, FR_AGENT_STATE_CHANGED,   agent_state_changed)   \
    X(0x0403, FR_TASK_QUEUED,           task_queued)           \
    X(0x0404, FR_TASK_OFFERED,          task_offered)          \
    X(0x0405, FR_OFFER_ACCEPTED,        offer_accepted)        \
    X(0x0406, FR_OFFER_DECLINED,        offer_declined)        \
    X(0x0407, FR_OFFER_EXPIRED,         offer_expired)         \
    X(0x0408, FR_OFFER_RESCINDED,       offer_rescinded)       \
    X(0x0409, FR_OFFER_ANSWER_REFUSED,  offer_answer_refused)  \
    X(0x040a, FR_TASK_RAISED,           task_raised)           \
    X(0x040b, FR_TASK_PARKED,           task_parked)           \
    X(0x040c, FR_TASK_ENDED,            task_ended)            \
    X(0x040d, FR_TASK_REKEYED,          task_rekeyed)          \
    X(0x040e, FR_LANE_OPENED,           lane_opened)           \
    X(0x040f, FR_LANE_CHANGED,          lane_changed)          \
    X(0x0410, FR_WRAP_UP_ENDED,         wrap_up_ended)         \
    X(0x0411, FR_LANE_CLOSED,           lane_closed)           \
    X(0x0412, FR_CAPACITY_CLASS_NAMED,  capacity_class_named)  \
    X(0x0413, FR_QUEUE_NAMED,           queue_named)           \
    X(0x0414, FR_QUEUE_CHANGED,         queue_changed)         \
    X(0x0415, FR_SITE_CHANGED,          site_changed)          \
    X(0x0416, FR_AGENT_SET_AWAY,        agent_set_away)        \
    X(0x0417, FR_TASK_PRIORITIZED,      task_prioritized)      \
    X(0x0418, FR_SITE_RECALLED,         site_recalled)         \
    X(0x0419, FR_WRAP_UP_DONE,          wrap_up_done)          \
    X(0x041a, FR_MATCHES_TRIED,         matches_tried)         \
    X(0x041b, FR_TASK_IDLED,            task_idled)            \
    X(0x041c, FR_TASK_WOKEN,            task_woken)            \
    X(0x0420, FR_WAIT_ESTIMATED,        wait_estimated)        \
    X(0x0421, FR_WAIT_ENDED,            wait_ended)            \
    X(0x0422, FR_WAITS_LOOKED_AT,       waits_looked_at)       \
    X(0x0423, FR_TASK_DEFERRED,         task_deferred)         \
    /* sla */ \
    X(0x0501, FR_TARGET_ARMED,          target_armed)          \
    X(0x0502, FR_TARGET_WARNED,         target_warned)         \
    X(0x0503, FR_TARGET_MET,            target_met)            \
    X(0x0504, FR_TARGET_BREACHED,       target_breached)       \
    X(0x0505, FR_TARGET_ANSWERED_LATE,  target_answered_late)  \
    X(0x0506, FR_TARGET_CANCELLED,      target_cancelled)      \
    X(0x0507, FR_TARGET_REKEYED,        target_rekeyed)        \
    X(0x0508, FR_CONVERSATION_MARKED,   conversation_marked)   \
    X(0x0509, FR_PLACE_NOTED,           place_noted)           \
    X(0x050a, FR_TARGET_MOVED,          target_moved)          \
    X(0x050b, FR_SUPERVISOR_ALERTED,    supervisor_alerted)    \
    X(0x050c, FR_CONVERSATION_FORGOTTEN, conversation_forgotten) \
    X(0x050d, FR_RECOUNT_STEPPED,       recount_stepped)       \
    X(0x050e, FR_PROMISE_REQUESTED,     promise_requested)     \
    X(0x050f, FR_PROMISE_MADE,          promise_made)          \
    X(0x0510, FR_PROMISE_SETTLED,       promise_settled)       \
    X(0x0511, FR_PROMISE_TOLD,          promise_told)          \
    X(0x0512, FR_PROMISE_ENDED,         promise_ended)         \
    /* sites */ \
    X(0x0601, FR_LEASE_GRANTED,         lease_granted)         \
    X(0x0602, FR_LEASE_CONFIRMED,       lease_confirmed)       \
    X(0x0603, FR_LEASE_ENDED,           lease_ended)           \
    X(0x0604, FR_WORK_REFUSED,          work_refused)          \
    X(0x0605, FR_ROSTER_SHARED,         roster_shared)         \
    X(0x0606, FR_PRESENCE_SHARED,       presence_shared)       \
    X(0x0607, FR_AGENT_PRESENCE,        agent_presence)        \
    X(0x0608, FR_OFFER_ANSWERED,        offer_answered)        \
    X(0x0609, FR_AGENT_REPLIED,         agent_replied)         \
    X(0x060a, FR_WORK_FINISHED,         work_finished)         \
    X(0x060b, FR_LEASES_FORGOTTEN,      leases_forgotten)      \
    X(0x060c, FR_SITE_LINKED,           site_linked)           \
    X(0x060d, FR_SITE_SILENT,           site_silent)           \
    X(0x060e, FR_SITE_HEARD,            site_heard)            \
    /* desk */ \
    X(0x0701, FR_PRESENCE_CHOSEN,       presence_chosen)       \
    X(0x0702, FR_OFFER_CHOSEN,          offer_chosen)          \
    X(0x0703, FR_REPLY_WRITTEN,         reply_written)         \
    X(0x0704, FR_WORK_DONE,             work_done)             \
    X(0x0705, FR_REFUSAL_SEEN,          refusal_seen)          \
    X(0x0706, FR_STATE_ASKED,           state_asked)           \
    X(0x0710, FR_PROMISE_WRITTEN,       promise_written)       \
    X(0x0711, FR_PROMISE_DONE,          promise_done)          \
    X(0x0712, FR_MATTER_MARKED,         matter_marked)         \
    /* bench */ \
    X(0x0e01, FR_BENCH_MESSAGE,         bench_message)
/* clang-format on */

#define FR_KIND_ENUM(number, name, message) name = number,
enum fr_kind { FR_KINDS(FR_KIND_ENUM) };
#undef FR_KIND_ENUM

/* The message in the body of records of that kind; NULL: unknown to this build. */
const ProtobufCMessageDescriptor *fr_kind_descriptor(uint32_t kind);
/* The kind whose body is that message; FR_KIND_END when none is. */
uint32_t fr_kind_of(const ProtobufCMessageDescriptor *descriptor);
/* "TaskOffered"; "kind-0x0999" for strangers (constant storage per thread). */
const char *fr_kind_name(uint32_t kind);
/* By "TaskOffered"; FR_KIND_END when there is none. */
uint32_t fr_kind_by_name(const char *name);

/* Any message as JSON and back: 64-bit ids as 16-digit hex strings (fields named id or ending in
 * _id), other 64-bit integers as JSON integers, bytes as base64, enums by name, absent fields left
 * out. */
json_t *fr_message_json(const ProtobufCMessage *message);
/* Allocated with `allocator` (NULL: malloc; free with protobuf_c_message_free_unpacked).  NULL with
 * a sentence in error[error_size]: unknown field, wrong type, missing required field. */
ProtobufCMessage *fr_message_from_json(const ProtobufCMessageDescriptor *descriptor,
                                       const json_t *json, ProtobufCAllocator *allocator,
                                       char *error, size_t error_size);

#endif
