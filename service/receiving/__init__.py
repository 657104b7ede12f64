"""How requests come in: whole, before a thread is given to them."""
