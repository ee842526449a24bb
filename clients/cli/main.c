/* Owns the entry into `cspr`, and which document it carries. */
#include "cli/run.h"

#include "openapi_document.h"

int main(int argc, char **argv)
{
	return run(openapi_json, openapi_json_length, argc, argv);
}
