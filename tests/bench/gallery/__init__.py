"""`make gallery`: every kind's example and every instrument as sound and picture, and judged."""
