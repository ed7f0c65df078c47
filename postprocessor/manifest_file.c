#include "manifest_file.h"

#include "base/file.h"
#include "base/mem.h"

enum { PATIENCE_MS = 5000, PAUSE_MS = 100, MANIFEST_MAX = 32 << 20 };

static int read_once(const char *path, struct manifest *ret, struct gk_error *err)
{
	_cleanup_(gk_buf_done) struct gk_buf text = {0};

	if (gk_file_read(path, MANIFEST_MAX, &text, err) < 0)
		return -1;
	if (manifest_parse(gk_buf_text(&text), text.length, ret, err) < 0)
		return gk_error_wrap(err, "%s", path);
	return 0;
}

int manifest_file_read(const char *path, const struct gk_clock *clock, struct manifest *ret,
		       struct gk_error *err)
{
	int64_t deadline = clock->monotonic(clock) + PATIENCE_MS;

	while (read_once(path, ret, err) < 0) {
		bool may_change = err->code == GK_NOT_FOUND || err->code == GK_UNFINISHED;

		if (!may_change || clock->monotonic(clock) >= deadline) {
			if (err->code == GK_NOT_FOUND)
				return gk_error_set(err, GK_FAILED,
						    "there is no manifest %s: put a manifest "
						    "post-processor before this one, or name its "
						    "output with --manifest",
						    path);
			err->code = GK_FAILED;
			return -1;
		}
		clock->sleep(clock, PAUSE_MS);
	}
	return 0;
}
