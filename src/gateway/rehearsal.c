/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/rehearsal.h"

#include "gateway/snapshot.h"

static void rehearse(const struct sp_config *config, struct sp_file_set *files, struct sp_library *library,
                     struct sp_library_loan *before)
{
    const struct sp_snapshot_sources sources = {
        .config = config, .library = library, .rehearsal = true, .files = files};
    struct sp_error err = SP_ERROR_INIT;
    struct sp_snapshot *snapshot = NULL;
    struct sp_problems problems; /* each worker finds them too */
    sp_problems_init(&problems);
    enum sp_status status = sp_snapshot_new(&sources, &problems, &snapshot, &err);
    sp_library_loan_finish(before);
    sp_library_pin(library);
    if (status == SP_OK)
        sp_snapshot_free(snapshot);
    sp_problems_finish(&problems);
}

void sp_rehearse(const struct sp_config *config, struct sp_file_set *files, struct sp_library **library)
{
    struct sp_error err = SP_ERROR_INIT;
    struct sp_library_loan before;
    if (!*library && sp_library_new(SP_LIBRARY_BYTES_MAX, library, &err) != SP_OK)
        return;
    if (sp_library_unpin(*library, &before) == SP_OK)
        rehearse(config, files, *library, &before);
}
