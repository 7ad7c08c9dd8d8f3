/* Things and their names, found both ways by open hashing. The order is that of adding: no place
 * depends on a pointer's value. */
#include "core/random.h"
#include "graph/graph.h"
#include <string.h>

static unsigned thing_hash(const void *of) {
    return (unsigned)ant__random_mix(0, (uint64_t)(uintptr_t)of);
}

static unsigned name_hash(const char *name) {
    return (unsigned)ant__random_key(0, name);
}

/* The first free slot of a table from a hash on. */
static int *free_slot(int *table, int slots, unsigned hash) {
    unsigned mask = (unsigned)slots - 1;
    while (table[hash & mask])
        hash++;
    return &table[hash & mask];
}

static void index_name(ant_names *s, int place) {
    if (s->at[place].name)
        *free_slot(s->by_name, s->slots, name_hash(s->at[place].name)) = place + 1;
}

static void index_entry(ant_names *s, int place) {
    *free_slot(s->by_thing, s->slots, thing_hash(s->at[place].of)) = place + 1;
    index_name(s, place);
}

static ant_budget *budget_of(const ant_names *s) {
    return s->payer ? s->payer->budget : NULL;
}

static size_t table_bytes(int slots) {
    return (size_t)slots * 2 * sizeof(int);
}

/* Tables are kept at most half full. */
static bool tables_grow(ant_names *s) {
    if (s->n < s->slots / 2)
        return true;
    int slots = s->slots ? 2 * s->slots : 16;
    bool paid = ant__budget_take(budget_of(s), table_bytes(slots));
    int *tables = paid ? ant__alloc(table_bytes(slots)) : NULL;
    ant__budget_give(budget_of(s), table_bytes(tables ? s->slots : paid ? slots : 0));
    if (!tables)
        return false;
    ant__free(s->by_thing);
    s->by_thing = tables;
    s->by_name = tables + slots;
    s->slots = slots;
    for (int i = 0; i < s->n; i++)
        index_entry(s, i);
    return true;
}

bool ant__names_add(ant_names *s, const void *of, const char *name) {
    if (!tables_grow(s) ||
        !ant__grow_paid(budget_of(s), (void **)&s->at, s->n, &s->room, sizeof *s->at))
        return false;
    s->at[s->n++] = (ant_name_entry){of, name};
    index_entry(s, s->n - 1);
    return true;
}

void ant__names_set(ant_names *s, int place, const char *name) {
    s->at[place].name = name;
    index_name(s, place);
}

int ant__names_place(const ant_names *s, const void *of) {
    unsigned mask = (unsigned)s->slots - 1;
    if (!s->n)
        return -1;
    for (unsigned h = thing_hash(of); s->by_thing[h & mask]; h++)
        if (s->at[s->by_thing[h & mask] - 1].of == of)
            return s->by_thing[h & mask] - 1;
    return -1;
}

const char *ant__name_of(const ant_names *s, const void *of) {
    int place = ant__names_place(s, of);
    return place < 0 ? NULL : s->at[place].name;
}

const void *ant__named(const ant_names *s, const char *name) {
    unsigned mask = (unsigned)s->slots - 1;
    if (!s->n)
        return NULL;
    for (unsigned h = name_hash(name); s->by_name[h & mask]; h++) {
        const ant_name_entry *e = &s->at[s->by_name[h & mask] - 1];
        if (!strcmp(e->name, name))
            return e->of;
    }
    return NULL;
}

void ant__names_clear(ant_names *s) {
    s->n = 0;
    if (s->slots)
        memset(s->by_thing, 0, table_bytes(s->slots));
}

void ant__names_free(ant_names *s) {
    ant__budget_give(budget_of(s), table_bytes(s->slots) + (size_t)s->room * sizeof *s->at);
    ant__free(s->at);
    ant__free(s->by_thing);
    *s = (ant_names){.payer = s->payer};
}
