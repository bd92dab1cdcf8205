/* Where v86.c and its monitor, monitor.S, keep what the processor wants. */
#ifndef TESTS_GUEST_BIOS_V86_H
#define TESTS_GUEST_BIOS_V86_H

#define V86_TSS         0x30000         /* 68h bytes, then the map of ports */
#define V86_IDT         0x34000
#define V86_STACK       0x38000         /* downwards */
#define V86_STUB        16              /* bytes of code a vector */

#endif
