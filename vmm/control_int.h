/* Between machine_control.c, control_input.c and control_display.c. Control
 * loop. */
#ifndef VMM_CONTROL_INT_H
#define VMM_CONTROL_INT_H

#include "vmm/control.h"
#include "vmm/machine_int.h"

json_t *control_input_send_event(void *, json_t *args, struct control_err *);
json_t *control_send_key(void *, json_t *args, struct control_err *);
json_t *control_query_input(void *, json_t *args, struct control_err *);
json_t *control_query_screen_text(void *, json_t *args, struct control_err *);
json_t *control_query_vnc(void *, json_t *args, struct control_err *);
json_t *control_screendump(void *, json_t *args, struct control_err *);

#endif
