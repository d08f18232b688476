/* The text of demo.json, the built-in configuration; demo.cmake makes it a C file. */
#ifndef GATEWAY_CONFIG_DEMO_H
#define GATEWAY_CONFIG_DEMO_H

extern const char demo_json[];

#endif
