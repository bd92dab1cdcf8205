/* Key names of QMP (QKeyCode) as Linux key codes. Any thread. */
#ifndef VMM_KEYNAMES_H
#define VMM_KEYNAMES_H

/* 0: no such key. */
unsigned keynames_code(const char *qcode);

#endif
