/* SPDX-License-Identifier: Apache-2.0 */
#include "authn/saml_tree.h"

#include <pthread.h>

#include <libxml/c14n.h>
#include <libxml/parser.h>
#include <libxml/xmlerror.h>

#include "authn/saml_assertion.h"
#include "text/base64.h"

#define TREE_MEMORY_MAX ((size_t)8 << 20)
#define BASE64_MAX ((size_t)1 << 20)

/* ---------------------------------------------------------------- reading */

static void be_quiet(void *arg, const char *text, ...)
{
}

static void prepare(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, xmlInitParser);
    /* Of the thread. */
    xmlSetGenericErrorFunc(NULL, be_quiet);
}

/* Nothing but comments around the one element: no document type, no processing instructions. */
static bool is_bare(xmlDocPtr tree)
{
    if (!xmlDocGetRootElement(tree) || tree->intSubset || tree->extSubset)
        return false;
    for (const xmlNode *each = tree->children; each; each = each->next)
        if (each->type != XML_ELEMENT_NODE && each->type != XML_COMMENT_NODE)
            return false;
    return true;
}

enum sp_status sp_saml_tree_parse(struct sp_str document, const char *what, xmlDocPtr *ret_document,
                                  struct sp_error *err)
{
    struct sp_arena arena;
    struct sp_xml_element *ignored;
    if (!sp_saml_is_utf8(document))
        return sp_error_set(err, SP_ESYNTAX, NULL, "SAML: the %s is no XML in UTF-8", what);
    sp_arena_init(&arena, TREE_MEMORY_MAX);
    enum sp_status status = sp_xml_parse(document, what, &arena, &sp_saml_xml_limits, &ignored, err);
    sp_arena_finish(&arena);
    if (status != SP_OK)
        return status;
    prepare();
    xmlDocPtr tree = xmlReadMemory(document.ptr, (int)document.len, NULL, NULL,
                                   XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    if (!tree || !is_bare(tree)) {
        xmlFreeDoc(tree);
        return sp_error_set(err, SP_ESYNTAX, NULL, "SAML: the %s is no XML that can be used here", what);
    }
    *ret_document = tree;
    return SP_OK;
}

/* ---------------------------------------------------------------- looking */

bool sp_saml_tree_is(const xmlNode *node, const char *name, const char *namespace)
{
    return node->type == XML_ELEMENT_NODE && xmlStrEqual(node->name, BAD_CAST name) && node->ns &&
           xmlStrEqual(node->ns->href, BAD_CAST namespace);
}

xmlNodePtr sp_saml_tree_element(xmlNodePtr node)
{
    while (node && node->type != XML_ELEMENT_NODE)
        node = node->next;
    return node;
}

xmlNodePtr sp_saml_tree_named(xmlNodePtr from, const char *name, const char *namespace)
{
    while (from && !sp_saml_tree_is(from, name, namespace))
        from = from->next;
    return from;
}

const xmlAttr *sp_saml_tree_attribute(const xmlNode *node, const char *name)
{
    for (const xmlAttr *each = node->properties; each; each = each->next)
        if (!each->ns && xmlStrEqual(each->name, BAD_CAST name))
            return each;
    return NULL;
}

const char *sp_saml_tree_value(const xmlNode *node, const char *name)
{
    const xmlAttr *attribute = sp_saml_tree_attribute(node, name);
    const xmlNode *text = attribute ? attribute->children : NULL;
    return text && text->type == XML_TEXT_NODE && !text->next ? (const char *)text->content : NULL;
}

enum sp_status sp_saml_tree_text(const xmlNode *node, struct sp_buf *text)
{
    for (const xmlNode *each = node->children; each; each = each->next) {
        if (each->type == XML_COMMENT_NODE)
            continue;
        if (each->type != XML_TEXT_NODE && each->type != XML_CDATA_SECTION_NODE)
            return SP_ESYNTAX;
        if (each->content && sp_buf_append_str(text, sp_str_of((const char *)each->content)) != SP_OK)
            return SP_ELIMIT;
    }
    return SP_OK;
}

enum sp_status sp_saml_tree_bytes(const xmlNode *node, struct sp_buf *bytes)
{
    struct sp_buf text;
    sp_buf_init(&text, BASE64_MAX);
    enum sp_status status = sp_saml_tree_text(node, &text);
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++)
        if (!strchr(" \t\r\n", text.ptr[i]))
            text.ptr[len++] = text.ptr[i];
    if (status == SP_OK)
        status = sp_base64_decode(SP_BASE64, sp_str_from(text.ptr, len), bytes);
    sp_buf_finish(&text);
    return status;
}

/* ---------------------------------------------------------------- cutting out */

/* Attributes and namespaces are where their element is. */
static int is_inside(void *root, xmlNodePtr node, xmlNodePtr parent)
{
    bool by_parent = !node || node->type == XML_NAMESPACE_DECL || node->type == XML_ATTRIBUTE_NODE;
    for (const xmlNode *at = by_parent ? parent : node; at; at = at->parent)
        if (at == root)
            return 1;
    return 0;
}

static enum sp_status canonicalise(xmlNodePtr element, xmlC14NMode mode, struct sp_buf *bytes,
                                   struct sp_error *err)
{
    xmlOutputBufferPtr out = xmlAllocOutputBuffer(NULL);
    if (!out)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for a SAML document");
    prepare();
    int done = xmlC14NExecute(element->doc, is_inside, element, mode, NULL, 0, out);
    enum sp_status status = SP_OK;
    if (done < 0 || xmlOutputBufferGetSize(out) == 0)
        status =
            sp_error_set(err, SP_ESYNTAX, NULL, "SAML: the assertion cannot be taken out of its document");
    else if (sp_buf_append(bytes, xmlOutputBufferGetContent(out), xmlOutputBufferGetSize(out)) != SP_OK)
        status = sp_error_set(err, SP_ELIMIT, NULL, "SAML: the assertion is too long");
    xmlOutputBufferClose(out);
    return status;
}

enum sp_status sp_saml_tree_cut(xmlNodePtr element, struct sp_buf *bytes, struct sp_error *err)
{
    return canonicalise(element, XML_C14N_1_0, bytes, err);
}

enum sp_status sp_saml_tree_canonical(xmlNodePtr element, struct sp_buf *bytes, struct sp_error *err)
{
    return canonicalise(element, XML_C14N_EXCLUSIVE_1_0, bytes, err);
}
