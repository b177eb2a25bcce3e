/* Sends a fax over a telephone line with bursts of noise: two T.30 terminals of spandsp back to back.

   faxline IN.tif OUT.tif ECM SEED BURSTS_PER_SECOND

   ECM 1 corrects errors, 0 leaves damaged rows. The seed makes a line's noise the same every time. */
#define SPANDSP_EXPOSE_INTERNAL_STRUCTURES
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <spandsp.h>

enum { SENDER, RECEIVER, TERMINALS };
enum { RATE = 8000, SAMPLES = 160, BURST = 40, LONGEST = 900, QUIET = 8 };
/* Samples a second and at once (20 ms), of a burst (5 ms); seconds of a call, and of it until pages begin. */

static bool is_over[TERMINALS];
static int result[TERMINALS];

static void call_is_over(t30_state_t *terminal, void *which, int code)
{
    (void) terminal;
    is_over[(intptr_t) which] = true;
    result[(intptr_t) which] = code;
}

static fax_state_t *answering(intptr_t which, bool corrects)
{
    fax_state_t *fax = fax_init(NULL, which == SENDER);
    t30_state_t *terminal = fax_get_t30_state(fax);
    fax_set_transmit_on_idle(fax, true);
    t30_set_phase_e_handler(terminal, call_is_over, (void *) which);
    t30_set_ecm_capability(terminal, corrects);
    t30_set_supported_modems(terminal, T30_SUPPORT_V27TER | T30_SUPPORT_V29 | T30_SUPPORT_V17);
    t30_set_supported_compressions(terminal, T30_SUPPORT_T4_1D_COMPRESSION | T30_SUPPORT_T4_2D_COMPRESSION |
                                             (corrects ? T30_SUPPORT_T6_COMPRESSION : 0));
    t30_set_supported_resolutions(terminal, T30_SUPPORT_STANDARD_RESOLUTION | T30_SUPPORT_FINE_RESOLUTION |
                                            T30_SUPPORT_SUPERFINE_RESOLUTION | T30_SUPPORT_R8_RESOLUTION);
    t30_set_supported_image_sizes(terminal, T30_SUPPORT_215MM_WIDTH | T30_SUPPORT_A4_LENGTH |
                                            T30_SUPPORT_UNLIMITED_LENGTH);
    t30_set_tx_ident(terminal, which == SENDER ? "+86 20 88881111" : "+86 20 88882222");
    return fax;
}

int main(int count, char **given)
{
    if (count != 6) {
        fprintf(stderr, "faxline IN.tif OUT.tif ECM SEED BURSTS_PER_SECOND\n");
        return 2;
    }
    double bursts = atof(given[5]);
    srand48(atol(given[4]));
    awgn_state_t *noise = awgn_init_dbm0(NULL, atoi(given[4]) + 1, -18.0f);
    fax_state_t *fax[TERMINALS];
    for (intptr_t which = 0; which < TERMINALS; which++)
        fax[which] = answering(which, atoi(given[3]));
    t30_set_tx_page_header_info(fax_get_t30_state(fax[SENDER]), "HAIYAN HOSPITAL");
    t30_set_tx_file(fax_get_t30_state(fax[SENDER]), given[1], -1, -1);
    t30_set_rx_file(fax_get_t30_state(fax[RECEIVER]), given[2], -1);

    for (long at = 0; at < (long) RATE * LONGEST && !(is_over[SENDER] && is_over[RECEIVER]); at += SAMPLES) {
        int16_t said[TERMINALS][SAMPLES];
        for (int which = 0; which < TERMINALS; which++) {
            int length = fax_tx(fax[which], said[which], SAMPLES);
            memset(said[which] + length, 0, sizeof said[which][0] * (SAMPLES - length));
        }
        if (at > RATE * QUIET && drand48() < bursts * SAMPLES / RATE)
            for (int sample = 0; sample < BURST; sample++) {
                int loud = said[SENDER][sample] + awgn(noise);
                said[SENDER][sample] = loud > INT16_MAX ? INT16_MAX : loud < INT16_MIN ? INT16_MIN : loud;
            }
        fax_rx(fax[SENDER], said[RECEIVER], SAMPLES);
        fax_rx(fax[RECEIVER], said[SENDER], SAMPLES);
    }
    if (result[RECEIVER] != T30_ERR_OK || !is_over[RECEIVER])
        fprintf(stderr, "the call failed: %s\n", t30_completion_code_to_str(result[RECEIVER]));
    return !is_over[RECEIVER] || result[RECEIVER] != T30_ERR_OK;
}
