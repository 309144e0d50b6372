/* effect: what an action declares that it may do, enforced where a request leaves. */
#ifndef FOYER_EFFECT_H
#define FOYER_EFFECT_H

enum effect { EFFECT_READ, EFFECT_IDEMPOTENT, EFFECT_WRITE };

#endif
