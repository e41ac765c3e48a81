"""Who runs it: gateway, registry, delivery, console, in the order of the flow. Nothing here can read a sealed part."""
