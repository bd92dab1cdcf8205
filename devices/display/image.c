#include "devices/display/image.h"

#include <errno.h>
#include <stdlib.h>

int image_size(struct image *img, unsigned w, unsigned h)
{
	size_t need = (size_t)w * h;

	if (need > img->room) {
		uint32_t *px = realloc(img->px, need * sizeof(*px));

		if (!px)
			return -ENOMEM;
		img->px = px;
		img->room = need;
	}
	img->w = w;
	img->h = h;
	return 0;
}

void image_fini(struct image *img)
{
	free(img->px);
	*img = (struct image){ .px = NULL };
}
