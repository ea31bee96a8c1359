/* query.c - consistent views of the last checkpoint, and copies of it, for threads that are not the
 * writer. */
#include "common/store/store_private.h"

#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* A view waits here only while the map moves. */
static void
enter_gate(struct fr_checkpointer *c)
{
    pthread_mutex_lock(&c->mutex);
    while (c->gate_closed)
        pthread_cond_wait(&c->changed, &c->mutex);
    c->queries++;
    pthread_mutex_unlock(&c->mutex);
}

static void
leave_gate(struct fr_checkpointer *c)
{
    uint64_t one = 1;

    pthread_mutex_lock(&c->mutex);
    c->queries--;
    if (c->queries == 0 && c->gate_closed) {
        if (!c->signalled)
            c->signalled = write(c->fd, &one, sizeof one) == sizeof one;
        pthread_cond_broadcast(&c->changed);
    }
    pthread_mutex_unlock(&c->mutex);
}

static enum fr_error
begin(struct fr_store *store, struct fr_view *view, struct fr_store_position *position)
{
    enum fr_error err;

    if (store->in_memory) {
        *position = store->checkpointer.position;
        return FR_OK;
    }
    err = fr_env_error(mdb_txn_begin(store->env.mdb, NULL, MDB_RDONLY, &view->txn));
    if (err == FR_OK)
        err = fr_env_read_position(&store->env, view->txn, position);
    return err;
}

static void
end(struct fr_store *store, struct fr_view *view)
{
    if (view->txn != NULL)
        mdb_txn_abort(view->txn);
    free(view);
    leave_gate(&store->checkpointer);
}

enum fr_error
fr_store_read_begin(struct fr_store *store, const struct fr_view **view,
                    struct fr_store_position *position)
{
    struct fr_view *made = calloc(1, sizeof *made);
    struct fr_store_position found;
    enum fr_error err;

    if (made == NULL)
        return FR_NO_MEMORY;
    made->store = store;
    made->is_query = true;
    enter_gate(&store->checkpointer);
    err = begin(store, made, &found);
    if (err != FR_OK) {
        end(store, made);
        return err;
    }
    *view = made;
    *position = found;
    return FR_OK;
}

void
fr_store_read_end(struct fr_store *store, const struct fr_view **view)
{
    if (*view == NULL)
        return;
    end(store, (struct fr_view *)(uintptr_t)*view);
    *view = NULL;
}

/* Compacted: free pages are left out, so a copy may be much smaller than the file. */
enum fr_error
fr_store_copy(struct fr_store *store, const char *dir, struct fr_store_position *position)
{
    const struct fr_view *view;
    enum fr_error err;
    int rc;

    if (store->in_memory)
        return FR_INVALID;
    err = fr_store_read_begin(store, &view, position);
    if (err != FR_OK)
        return err;
    fr_store_read_end(store, &view);
    enter_gate(&store->checkpointer);
    rc = mdb_env_copy2(store->env.mdb, dir, MDB_CP_COMPACT);
    leave_gate(&store->checkpointer);
    return fr_env_error(rc);
}
