/* The paper's symmetry network in plain C: what a compiler makes of a hand-written loop, for benchmarks/engine.py.

   cc -O3 -march=native -ffast-math -shared -fPIC symmetry.c -o symmetry.so

   Sixteen 6-2-1 networks at a time, one per SIMD lane, with their weights, gradient and last change in local arrays.
   A sweep is a forward pass, a backward pass, and a change of the weights by equation (9). As the engine does, the loop
   records E after every sweep and the first sweep at which the largest |y - d| is below each bound. */

#include <math.h>
#include <string.h>

enum { LANES = 16, BITS = 6, HIDDEN = 2, CASES = 1 << BITS, INTO_HIDDEN = BITS + 1, INTO_OUTPUT = HIDDEN + 1 };
enum { PARAMETERS = HIDDEN * INTO_HIDDEN + INTO_OUTPUT };

typedef float lanes __attribute__((vector_size(LANES * sizeof(float))));
typedef int whole __attribute__((vector_size(LANES * sizeof(int))));

/* y = 1 / (1 + exp(-x)), equation (2); exp(-x) = 2^n exp(u) with a polynomial for exp(u) */
static inline void logistic(const lanes *x, lanes *y) {
    const float per_log_2 = -1.44269504f, far = 126, round = 12582912; /* 1.5 * 2^23 */
    lanes t = *x * per_log_2;
    for (int s = 0; s < LANES; s++) t[s] = t[s] > far ? far : t[s] < -far ? -far : t[s];
    lanes rounded = t + round;
    whole n, bits;
    memcpy(&n, &rounded, sizeof n);
    n -= 0x4B400000; /* the bits of `round`; with -ffast-math, rounded - round would be t */
    lanes u = t - __builtin_convertvector(n, lanes);
    lanes p = u * 1.5403530e-4f + 1.3333558e-3f;
    p = p * u + 9.6181291e-3f;
    p = p * u + 5.5504109e-2f;
    p = p * u + 2.4022651e-1f;
    p = p * u + 6.9314718e-1f;
    p = p * u + 1;
    memcpy(&bits, &p, sizeof bits);
    bits += n << 23;
    memcpy(&p, &bits, sizeof p);
    *y = 1 / (1 + p);
}

/* Train `networks` (a multiple of LANES) networks for `sweeps` sweeps.

   weights, changes: [PARAMETERS][networks], hidden units first, each unit's bias last; changed in place.
   targets: [CASES]. Bit i of a case, the lowest first, is input i.
   first_sweep: [3][networks], the first sweep that meets each of `bounds`, or -1.
   errors: [sweeps][networks], E after each sweep. */
void train(int networks, int sweeps, float epsilon, float alpha, const float *bounds, const float *targets,
           float *weights, float *changes, int *first_sweep, float *errors) {
    for (int start = 0; start < networks; start += LANES) {
        lanes w[PARAMETERS], change[PARAMETERS];
        whole first[3];
        for (int p = 0; p < PARAMETERS; p++) {
            memcpy(&w[p], weights + p * networks + start, sizeof(lanes));
            memcpy(&change[p], changes + p * networks + start, sizeof(lanes));
        }
        for (int b = 0; b < 3; b++) first[b] = (whole){0} - 1;
        const lanes *v = w + HIDDEN * INTO_HIDDEN;
        for (int sweep = 0; sweep < sweeps; sweep++) {
            lanes dE_dw[PARAMETERS] = {0}, squares = {0}, worst = {0};
            lanes *dE_dv = dE_dw + HIDDEN * INTO_HIDDEN;
            /* unrolled, the bits of a case are known to the compiler: 1.6 times as fast (measured) */
#pragma GCC unroll 64
            for (int c = 0; c < CASES; c++) {
                lanes y[HIDDEN], x, out;
                for (int j = 0; j < HIDDEN; j++) {
                    x = w[j * INTO_HIDDEN + BITS];
                    for (int i = 0; i < BITS; i++)
                        if (c >> i & 1) x += w[j * INTO_HIDDEN + i];
                    logistic(&x, &y[j]);
                }
                x = v[HIDDEN];
                for (int j = 0; j < HIDDEN; j++) x += v[j] * y[j];
                logistic(&x, &out);
                lanes deviation = out - targets[c];
                squares += deviation * deviation;
                for (int s = 0; s < LANES; s++) worst[s] = fmaxf(worst[s], fabsf(deviation[s]));
                lanes d = deviation * out * (1 - out);
                dE_dv[HIDDEN] += d;
                for (int j = 0; j < HIDDEN; j++) {
                    dE_dv[j] += d * y[j];
                    lanes back = d * v[j] * y[j] * (1 - y[j]);
                    dE_dw[j * INTO_HIDDEN + BITS] += back;
                    for (int i = 0; i < BITS; i++)
                        if (c >> i & 1) dE_dw[j * INTO_HIDDEN + i] += back;
                }
            }
            for (int b = 0; b < 3; b++) {
                whole met = (worst < bounds[b]) & (first[b] < 0);
                first[b] = (met & sweep) | (~met & first[b]);
            }
            squares *= .5f;
            memcpy(errors + (long)sweep * networks + start, &squares, sizeof squares);
            for (int p = 0; p < PARAMETERS; p++) {
                change[p] = alpha * change[p] - epsilon * dE_dw[p];
                w[p] += change[p];
            }
        }
        for (int p = 0; p < PARAMETERS; p++) {
            memcpy(weights + p * networks + start, &w[p], sizeof(lanes));
            memcpy(changes + p * networks + start, &change[p], sizeof(lanes));
        }
        for (int b = 0; b < 3; b++) memcpy(first_sweep + b * networks + start, &first[b], sizeof(whole));
    }
}
