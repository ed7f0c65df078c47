/* The name of an AMI that says which release it is. Pure. */
#ifndef GK_IMAGE_AMI_NAME_H
#define GK_IMAGE_AMI_NAME_H

#include "image/semver.h"

enum { AMI_NAME_MAX = 128, AMI_NAME_SIZE = AMI_NAME_MAX + 1 };

/* "web-1.4.2" into name[AMI_NAME_SIZE]; returns name. What may not stand in it (EC2 API Reference,
 * CreateImage: 3 to 128 letters, digits, ()[] ./-'@_) becomes _, and what is too long is cut: of
 * the family, so that the version stays whole, as long as something of the family is left. */
const char *ami_name(const char *family, const struct semver *version, char *name);

#endif
