/*
 * An XML answer as a small tree, read with expat. Names are local names (namespaces dropped), text
 * is what stands directly in the element. DTDs are refused; depth, element count and size have
 * ceilings. Attributes are ignored. Texts are overwritten when they are freed.
 */
#ifndef GK_BASE_XML_H
#define GK_BASE_XML_H

#include <stddef.h>

#include "base/error.h"

struct gk_xml {
	char *name;
	char *text; /* never NULL; white space at both ends removed */
	struct gk_xml *parent, *first, *last, *next; /* children: first, then next… */
};

void gk_xml_free(struct gk_xml *root);
void gk_xml_freep(struct gk_xml **root);

/* A document that is cut short, not well-formed or beyond a ceiling is -1, GK_FAILED, with the line
 * where reading stopped. */
int gk_xml_parse(const char *text, size_t length, struct gk_xml **ret_root, struct gk_error *err);

/* First child of that name, or NULL. node may be NULL. */
const struct gk_xml *gk_xml_child(const struct gk_xml *node, const char *name);

/* Follows a path of names from node: "DescribeImagesResult/imagesSet"; NULL where it breaks off. */
const struct gk_xml *gk_xml_path(const struct gk_xml *node, const char *path);

/* Text at that path, or NULL if the element is absent. */
const char *gk_xml_text(const struct gk_xml *node, const char *path);

/* Next sibling of that name; for loops over "item" or "member". node may be NULL. */
const struct gk_xml *gk_xml_next(const struct gk_xml *node, const char *name);

#endif
