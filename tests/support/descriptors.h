/* The open descriptors of the process: a leaked one fails a test. */
#ifndef TESTS_SUPPORT_DESCRIPTORS_H
#define TESTS_SUPPORT_DESCRIPTORS_H

/* How many are open. The one that it opens to find out counts too. */
int descriptors_count(void);

#endif
