// Prints what the C reader makes of an image: its values and which pixels count, or what is wrong; then the notes.
#include "../../examples/envi.h"

int main(int argc, char **argv) {
    struct envi image;
    if (argc != 2 || !envi_open(&image, argv[1])) {
        printf("%s\n", argc == 2 ? image.error : "one image is wanted");
        if (argc == 2) envi_close(&image);
        return 0;
    }
    float *values = (float *)calloc(image.samples * image.bands, sizeof *values);
    unsigned char *counts = (unsigned char *)calloc(image.samples, 1);
    for (size_t line = 0; line < image.lines; ++line) {
        memset(counts, 1, image.samples);
        if (!envi_read_line(&image, line, values, counts)) printf("%s\n", image.error);
        for (size_t i = 0; i < image.samples * image.bands; ++i) {
            uint32_t bits;
            memcpy(&bits, &values[i], sizeof bits);
            printf("%08x ", (unsigned)bits);
        }
        for (size_t i = 0; i < image.samples; ++i) printf("%u", counts[i]);
        printf("\n");
    }
    printf("%s", image.notes);
    free(values);
    free(counts);
    envi_close(&image);
    return 0;
}
