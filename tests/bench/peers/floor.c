/* A floor under cases A, D and E: no engine, no graph, no events; 16 voices side by side in arrays,
 * sample by sample, so that the compiler uses SIMD across voices. Envelope, cutoff and coefficients
 * change with every sample. `floor WORK VOICES SECONDS [OUT.raw]`; gcc -O3 -march=native -ffast-math.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xmmintrin.h>

#define RATE 48000.0f
enum { BLOCK = 64, LANES = 16 };

typedef struct {
    float phase[LANES], step[LANES], clock[LANES], level[LANES], rises[LANES];
    float pole[4][LANES], sweep[LANES], last[LANES];
} Group;

static inline float pick(int condition, float a, float b) { return condition ? a : b; }

static inline float wrap(float phase) { return pick(phase >= 1, phase - 1, phase); }

/* A saw whose edge is rounded by two parabolas (PolyBLEP). */
static inline float saw(float *phase, float step)
{
    float p = *phase = wrap(*phase + step), after = p / step, before = (p - 1) / step;
    float edge = pick(p < step, after + after - after * after - 1,
                      pick(p > 1 - step, before * before + before + before + 1, 0));
    return 2 * p - 1 - edge;
}

/* 5 ms up, 100 ms down to 0.4, 60 ms to nothing, in straight lines. */
static inline float envelope(float *level, float *rises, int is_open)
{
    const float up = 1 / (0.005f * RATE), down = 0.6f / (0.1f * RATE), off = 0.4f / (0.06f * RATE);
    float e = *level, r = pick(is_open, *rises, 1);
    float held = fmaxf(e - down, fminf(e, 0.4f)), gone = fmaxf(e - off, 0);
    e = pick(is_open, pick(r > 0.5f, e + up, held), gone);
    *rises = pick(e >= 1, 0, r);
    return *level = fminf(e, 1);
}

static inline float tangent(float w)
{
    float q = w * w;
    return w * (15 - q) / (15 - 6 * q);
}

static inline float bent(float x)
{
    x = fminf(fmaxf(x, -3), 3);
    float q = x * x;
    return x * (27 + q) / (27 + 9 * q);
}

/* The sine of a phase in cycles, by its series on a quarter of one. */
static inline float sine(float p)
{
    p -= rintf(p);
    p = pick(p > 0.25f, 0.5f - p, pick(p < -0.25f, -0.5f - p, p));
    float x = p * 6.2831853f, q = x * x;
    return x * (1 + q * (-1.6666667e-1f + q * (8.3333333e-3f + q * (-1.984127e-4f + q * 2.75573e-6f))));
}

static inline float voice(Group *g, int j)
{
    g->clock[j] = wrap(g->clock[j] + 4 / RATE);
    float e = envelope(&g->level[j], &g->rises[j], g->clock[j] < 0.5f);
    float x = saw(&g->phase[j], g->step[j]);
    float w = tangent((200 + 4000 * e) * (3.14159265f / RATE));
    float a = 1 / (1 + w * (w + 0.25f));
    float band = a * (g->pole[0][j] + w * (x - g->pole[1][j])), low = g->pole[1][j] + w * band;
    g->pole[0][j] = 2 * band - g->pole[0][j];
    g->pole[1][j] = 2 * low - g->pole[1][j];
    return low * e;
}

static inline float fm(Group *g, int j)
{
    float m = g->phase[j] = wrap(g->phase[j] + 2 * g->step[j]);
    float c = g->clock[j] = wrap(g->clock[j] + g->step[j]);
    g->last[j] = sine(m + 0.07957747f * g->last[j]);
    return sine(c + 0.31830989f * g->last[j]);
}

static inline float ladder(Group *g, int j)
{
    g->sweep[j] = wrap(g->sweep[j] + 0.5f * g->step[j]);
    float w = (1200 + 800 * sine(g->sweep[j])) * (6.2831853f / RATE);
    float share = w * (1 - w * (0.5f - w * (1 / 6.0f - w / 24.0f)));
    float x = bent(saw(&g->phase[j], g->step[j]) - 2.8f * g->pole[3][j]);
    for (int stage = 0; stage < 4; stage++) {
        float y = g->pole[stage][j] + share * (x - bent(g->pole[stage][j]));
        g->pole[stage][j] = y;
        x = stage < 3 ? bent(y) : y;
    }
    return x;
}

#define PLAYS(WORK)                                                   \
    static void play_##WORK(Group *group, int count, float *bus)      \
    {                                                                 \
        Group g = *group;                                             \
        float is_there[LANES];                                        \
        for (int j = 0; j < LANES; j++) is_there[j] = j < count;      \
        for (int k = 0; k < BLOCK; k++) {                             \
            float sum = 0;                                            \
            for (int j = 0; j < LANES; j++) sum += is_there[j] * WORK(&g, j); \
            bus[k] += sum;                                            \
        }                                                             \
        *group = g;                                                   \
    }
PLAYS(voice)
PLAYS(fm)
PLAYS(ladder)

int main(int count, char **words)
{
    if (count < 4) return 2;
    int voices = atoi(words[2]), groups = (voices + LANES - 1) / LANES;
    long frames = (long)(atof(words[3]) * RATE);
    FILE *raw = count > 4 ? fopen(words[4], "wb") : NULL;
    int is_fm = !strcmp(words[1], "fm");
    void (*play)(Group *, int, float *) =
        is_fm ? play_fm : strcmp(words[1], "voice") ? play_ladder : play_voice;
    _mm_setcsr(_mm_getcsr() | 0x8040); /* denormals are 0 */
    Group *all = calloc(groups, sizeof *all);
    for (int i = 0; i < groups * LANES; i++) {
        Group *g = all + i / LANES;
        g->step[i % LANES] = 55 * powf(2, (5 * i % 37) / 12.0f) / RATE;
        g->clock[i % LANES] = is_fm ? 0 : (i % 8) / 8.0f;
        g->rises[i % LANES] = 1;
    }
    float bus[BLOCK], gain = 0.5f / sqrtf(voices);
    double sum = 0;
    for (long frame = 0; frame < frames; frame += BLOCK) {
        memset(bus, 0, sizeof bus);
        for (int i = 0; i < groups; i++) {
            int left = voices - i * LANES;
            play(all + i, left < LANES ? left : LANES, bus);
        }
        for (int k = 0; k < BLOCK; k++) bus[k] *= gain;
        sum += bus[0];
        if (raw) fwrite(bus, sizeof *bus, BLOCK, raw);
    }
    printf("%g\n", sum); /* so that no work can be left out */
    return raw ? fclose(raw) : 0;
}
