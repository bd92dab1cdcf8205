/* Between machine_control.c and control_input.c. Control loop. */
#ifndef VMM_CONTROL_INT_H
#define VMM_CONTROL_INT_H

#include "vmm/control.h"
#include "vmm/machine_int.h"

json_t *control_input_send_event(void *, json_t *args, struct control_err *);
json_t *control_send_key(void *, json_t *args, struct control_err *);
json_t *control_query_input(void *, json_t *args, struct control_err *);

#endif
