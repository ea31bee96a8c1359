/* rule.c - an operator's own function in Lua 5.4, within bounds. */
#include "services/routing/rule.h"

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <stdlib.h>

#include "services/routing/counters.h"

#define HOOK_EVERY 1000 /* instructions between two looks at the allowance */
#define CHUNK_NAME "=rule"

struct allowance {
    int64_t steps;         /* left */
    size_t memory, in_use; /* bytes */
    bool spent;
};

/* ---- bounds ---- */

static void *
bounded_alloc(void *context, void *block, size_t old_size, size_t new_size)
{
    struct allowance *allowance = context;
    size_t had = block != NULL ? old_size : 0;
    void *moved;

    if (new_size == 0) {
        free(block);
        allowance->in_use -= had;
        return NULL;
    }
    if (allowance->in_use - had + new_size > allowance->memory)
        return NULL;
    moved = realloc(block, new_size);
    if (moved != NULL)
        allowance->in_use += new_size - had;
    return moved;
}

static struct allowance *
allowance_of(lua_State *lua)
{
    void *context;

    lua_getallocf(lua, &context);
    return context;
}

/* A pcall inside the rule may catch the error once; the next look raises it again. */
static void
count_steps(lua_State *lua, lua_Debug *where)
{
    struct allowance *allowance = allowance_of(lua);

    (void)where;
    allowance->steps -= HOOK_EVERY;
    if (allowance->steps <= 0) {
        allowance->spent = true;
        luaL_error(lua, "took more than rule_steps instructions");
    }
}

/* ---- what it may use ---- */

/* The order of a table's keys follows from addresses; this one follows from the keys. */
static const char ordered_pairs[] =
    "local next, type, tostring, sort = next, type, tostring, table.sort\n"
    "function pairs(t)\n"
    "  local keys, at = {}, 0\n"
    "  for k in next, t do keys[#keys + 1] = k end\n"
    "  sort(keys, function(a, b)\n"
    "    local ta, tb = type(a), type(b)\n"
    "    if ta ~= tb then return ta < tb end\n"
    "    if ta == 'number' or ta == 'string' then return a < b end\n"
    "    return false\n"
    "  end)\n"
    "  return function() at = at + 1; local k = keys[at]; if k ~= nil then return k, t[k] end end\n"
    "end\n"
    "_ENV.next = nil\n";

static void
forget(lua_State *lua, const char *library, const char *name)
{
    lua_getglobal(lua, library);
    lua_pushnil(lua);
    lua_setfield(lua, -2, name);
    lua_pop(lua, 1);
}

/* Patterns can take exponential time inside one instruction, where no hook looks. */
static void
open_libraries(lua_State *lua)
{
    static const char *const globals[] = {
        "collectgarbage", "dofile", "load",   "loadfile",     "print",       "warn",
        "pcall",          "xpcall", "rawset", "getmetatable", "setmetatable"};
    static const char *const strings[] = {"dump", "rep", "gsub", "gmatch", "match"};

    luaL_requiref(lua, LUA_GNAME, luaopen_base, 1);
    luaL_requiref(lua, LUA_TABLIBNAME, luaopen_table, 1);
    luaL_requiref(lua, LUA_STRLIBNAME, luaopen_string, 1);
    luaL_requiref(lua, LUA_MATHLIBNAME, luaopen_math, 1);
    lua_settop(lua, 0);
    for (size_t i = 0; i < sizeof(globals) / sizeof(globals[0]); i++) {
        lua_pushnil(lua);
        lua_setglobal(lua, globals[i]);
    }
    for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++)
        forget(lua, LUA_STRLIBNAME, strings[i]);
    forget(lua, LUA_MATHLIBNAME, "random");
    forget(lua, LUA_MATHLIBNAME, "randomseed");
}

/* string.find without patterns, also when it was not asked for. */
static int
plain_find(lua_State *lua)
{
    luaL_checkstring(lua, 1);
    luaL_checkstring(lua, 2);
    lua_settop(lua, 3);
    if (lua_isnil(lua, 3)) {
        lua_pushinteger(lua, 1);
        lua_replace(lua, 3);
    }
    lua_pushboolean(lua, 1);
    lua_pushvalue(lua, lua_upvalueindex(1));
    lua_insert(lua, 1);
    lua_call(lua, 4, 2);
    return 2;
}

/* Addresses differ from run to run, so nothing may turn one into text. */
static int
plain_tostring(lua_State *lua)
{
    switch (lua_type(lua, 1)) {
    case LUA_TNIL:
    case LUA_TBOOLEAN:
    case LUA_TNUMBER:
    case LUA_TSTRING:
        luaL_tolstring(lua, 1, NULL);
        break;
    default:
        lua_pushstring(lua, luaL_typename(lua, 1));
    }
    return 1;
}

static void
tame(lua_State *lua)
{
    lua_getglobal(lua, LUA_STRLIBNAME);
    lua_getfield(lua, -1, "find");
    lua_pushcclosure(lua, plain_find, 1);
    lua_setfield(lua, -2, "find");
    lua_pushnil(lua);
    lua_setfield(lua, -2, "format"); /* %p */
    lua_pop(lua, 1);
    lua_pushcfunction(lua, plain_tostring);
    lua_setglobal(lua, "tostring");
}

/* ---- the task as a table, the result as a record ---- */

static void
set_text(lua_State *lua, const char *name, const char *value)
{
    if (value == NULL)
        return;
    lua_pushstring(lua, value);
    lua_setfield(lua, -2, name);
}

static void
set_number(lua_State *lua, const char *name, bool has, int64_t value)
{
    if (!has)
        return;
    lua_pushinteger(lua, value);
    lua_setfield(lua, -2, name);
}

struct asking {
    const char *source, *brand;
    const Fr__TaskRequested *request; /* NULL: only check that there is a function */
    struct fr_arena *arena;
    Fr__RuleResult *result; /* NULL: it said nothing */
};

static void
push_task(lua_State *lua, const struct asking *asking)
{
    const Fr__TaskRequested *request = asking->request;

    lua_createtable(lua, 0, 12);
    set_text(lua, "brand", asking->brand);
    set_text(lua, "channel", request->channel);
    set_text(lua, "language", request->language);
    set_text(lua, "tier", request->tier);
    set_text(lua, "preview", request->preview);
    set_text(lua, "preferred_agent", request->preferred_agent);
    set_text(lua, "customer_name", request->customer_name);
    set_number(lua, "priority", request->has_priority, request->priority);
    set_number(lua, "urgency", request->has_urgency, request->urgency);
    lua_pushboolean(lua, request->complaint);
    lua_setfield(lua, -2, "complaint");
    lua_createtable(lua, (int)request->n_skills, 0);
    for (size_t i = 0; i < request->n_skills; i++) {
        lua_pushstring(lua, request->skills[i]);
        lua_rawseti(lua, -2, (lua_Integer)i + 1);
    }
    lua_setfield(lua, -2, "skills");
}

#define TEXT_MAX 200 /* bytes of any text that it returns */

static char *
take_text(lua_State *lua, const struct asking *asking, int index)
{
    size_t size;
    const char *text = lua_tolstring(lua, index, &size);
    char *copy;

    if (size > TEXT_MAX || strlen(text) != size)
        luaL_error(lua, "returned a text of more than %d bytes", TEXT_MAX);
    copy = fr_arena_strndup(asking->arena, text, size);
    if (copy == NULL)
        luaL_error(lua, "out of memory");
    return copy;
}

static char *
text_field(lua_State *lua, const struct asking *asking, const char *name)
{
    char *text = NULL;

    if (lua_getfield(lua, -1, name) == LUA_TSTRING)
        text = take_text(lua, asking, -1);
    else if (!lua_isnil(lua, -1))
        luaL_error(lua, "returned a %s that is no text", name);
    lua_pop(lua, 1);
    return text;
}

static bool
number_field(lua_State *lua, const char *name, int32_t *out)
{
    int is_integer = 0;
    lua_Integer value;
    bool there = lua_getfield(lua, -1, name) != LUA_TNIL;

    value = lua_tointegerx(lua, -1, &is_integer);
    if (there && (!is_integer || value < INT32_MIN || value > INT32_MAX))
        luaL_error(lua, "returned a %s that is no whole number", name);
    lua_pop(lua, 1);
    *out = (int32_t)value;
    return there;
}

static void
skills_field(lua_State *lua, const struct asking *asking, Fr__RuleResult *result)
{
    if (lua_getfield(lua, -1, "skills") == LUA_TTABLE) {
        size_t count = lua_rawlen(lua, -1);

        if (count > ROUTING_SKILL_MAX)
            luaL_error(lua, "returned more than %d skills", ROUTING_SKILL_MAX);
        result->skills = fr_arena_zalloc(asking->arena, count + 1, sizeof(*result->skills));
        if (result->skills == NULL)
            luaL_error(lua, "out of memory");
        for (size_t i = 0; i < count; i++) {
            if (lua_rawgeti(lua, -1, (lua_Integer)i + 1) != LUA_TSTRING)
                luaL_error(lua, "returned a skill that is no text");
            result->skills[i] = take_text(lua, asking, -1);
            if (strlen(result->skills[i]) >= ROUTING_SKILL_SIZE)
                luaL_error(lua, "returned a skill with too long a name");
            lua_pop(lua, 1);
        }
        result->n_skills = count;
    } else if (!lua_isnil(lua, -1)) {
        luaL_error(lua, "returned skills that are no list");
    }
    lua_pop(lua, 1);
}

static void
take_result(lua_State *lua, struct asking *asking)
{
    Fr__RuleResult *result;

    if (lua_isnil(lua, -1))
        return;
    if (!lua_istable(lua, -1))
        luaL_error(lua, "returned neither a table nor nothing");
    result = fr_arena_alloc(asking->arena, sizeof(*result));
    if (result == NULL)
        luaL_error(lua, "out of memory");
    fr__rule_result__init(result);
    result->queue = text_field(lua, asking, "queue");
    result->tier = text_field(lua, asking, "tier");
    result->note = text_field(lua, asking, "note");
    result->has_priority = number_field(lua, "priority", &result->priority);
    result->has_urgency = number_field(lua, "urgency", &result->urgency);
    skills_field(lua, asking, result);
    asking->result = result;
}

/* ---- one call, in a state of its own ---- */

static int
protected_ask(lua_State *lua)
{
    struct asking *asking = lua_touserdata(lua, 1);

    open_libraries(lua);
    if (luaL_loadbufferx(lua, ordered_pairs, sizeof(ordered_pairs) - 1, "=pairs", "t") != LUA_OK)
        return lua_error(lua);
    lua_call(lua, 0, 0);
    tame(lua);
    if (luaL_loadbufferx(lua, asking->source, strlen(asking->source), CHUNK_NAME, "t") != LUA_OK)
        return lua_error(lua);
    lua_call(lua, 0, 0);
    if (lua_getglobal(lua, "route") != LUA_TFUNCTION)
        return luaL_error(lua, "defines no function route(task)");
    if (asking->request == NULL)
        return 0;
    push_task(lua, asking);
    lua_call(lua, 1, 1);
    take_result(lua, asking);
    return 0;
}

/* NULL: it went well; else what was wrong, in `trouble`. */
static const char *
ask(struct asking *asking, int64_t steps, int64_t memory, char *trouble, size_t size)
{
    struct allowance allowance = {.steps = steps, .memory = (size_t)memory};
    lua_State *lua = lua_newstate(bounded_alloc, &allowance);
    const char *said = "needs more than rule_memory";
    int status = LUA_ERRMEM;

    if (lua != NULL) {
        lua_sethook(lua, count_steps, LUA_MASKCOUNT, HOOK_EVERY);
        lua_pushcfunction(lua, protected_ask);
        lua_pushlightuserdata(lua, asking);
        status = lua_pcall(lua, 1, 0, 0);
        if (status != LUA_OK && status != LUA_ERRMEM)
            said = lua_isstring(lua, -1) ? lua_tostring(lua, -1) : "failed without a word";
        snprintf(trouble, size, "%s", status == LUA_OK ? "" : said);
        lua_close(lua);
    } else {
        snprintf(trouble, size, "%s", said);
    }
    return status == LUA_OK ? NULL : trouble;
}

bool
routing_rule_check(const char *source, int64_t steps, int64_t memory, char *trouble, size_t size)
{
    struct asking asking = {.source = source};

    return ask(&asking, steps, memory, trouble, size) == NULL;
}

enum fr_error
routing_rule_ask(struct fr_turn *turn, const char *brand, const Fr__TaskRequested *request,
                 const Fr__RuleResult **out)
{
    const struct routing_config *config = turn->config;
    struct asking asking = {
        .source = config->rule, .brand = brand, .request = request, .arena = turn->arena};
    char trouble[240];

    *out = NULL;
    if (config->rule == NULL)
        return FR_OK;
    if (ask(&asking, config->rule_steps, config->rule_memory, trouble, sizeof(trouble)) == NULL) {
        *out = asking.result;
        return FR_OK;
    }
    fr_count(turn, ROUTING_COUNT_RULE_TROUBLE, 1);
    asking.result = fr_arena_alloc(turn->arena, sizeof(*asking.result));
    if (asking.result == NULL)
        return FR_NO_MEMORY;
    fr__rule_result__init(asking.result);
    asking.result->trouble = fr_arena_printf(turn->arena, "%s", trouble);
    *out = asking.result;
    return asking.result->trouble == NULL ? FR_NO_MEMORY : FR_OK;
}
