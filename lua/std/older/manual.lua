-- Its name until 2026-12; now by_hand.
return (...).part("by_hand")
