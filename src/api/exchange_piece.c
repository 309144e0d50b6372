#include "api/exchange.h"

#include "base/str.h"

int exchange_piece(void *arg, const struct httpc_piece *piece)
{
    struct exchange *x = arg;
    const struct run_sink *sink = run_spec(x->run)->sink;
    struct err e;
    if (piece->status < 200 || piece->status > 299)
        return 0;
    int taken = sink->piece(sink->arg, piece, x->is_file, &e);
    if (taken < 0 && !x->untaken) {
        x->untaken = xcalloc(1, sizeof *x->untaken);
        *x->untaken = e;
    }
    x->taken += taken > 0 ? (int64_t)piece->len : 0;
    return taken;
}
