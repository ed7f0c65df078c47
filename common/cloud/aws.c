#include "cloud/aws.h"

#include "base/mem.h"
#include "cloud/aws_private.h"

static void aws_cloud_close(struct cloud *cloud)
{
	free(cloud);
}

static const struct cloud_ops aws_cloud_ops = {
	.close = aws_cloud_close,
	.look = aws_cloud_look,
	.tag = aws_cloud_tag,
	.remove = aws_cloud_remove,
	.read_pointers = aws_cloud_read_pointers,
	.write_pointers = aws_cloud_write_pointers,
	.deprecate = aws_cloud_deprecate,
};

int aws_cloud_open(struct aws_client *client, struct cloud **ret, struct gk_error *err)
{
	struct aws_cloud *cloud = calloc(1, sizeof(*cloud));

	if (!cloud)
		return gk_error_memory(err);
	cloud->base.ops = &aws_cloud_ops;
	cloud->client = client;
	*ret = &cloud->base;
	return 0;
}
