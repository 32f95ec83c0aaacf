// AWS SDK for JavaScript v3 as a process: JSON lines in, JSON lines out, one answer per call, in order.
// In: {"endpoint", "signed", "operation", "parameters"}. Out: {"result"} or {"error"}: what a caller's code can see.
import readline from "node:readline";
import * as sdk from "@aws-sdk/client-apigatewaymanagementapi";

const UNSIGNED = { sign: async (request) => request };

async function answer({ endpoint, signed, operation, parameters }) {
  const client = new sdk.ApiGatewayManagementApiClient({
    endpoint,
    region: "us-east-1",
    maxAttempts: 1,
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
    ...(signed ? {} : { signer: UNSIGNED }),
  });
  try {
    const { $metadata, ...result } = await client.send(new sdk[`${operation}Command`](parameters));
    return { result, statusCode: $metadata.httpStatusCode };
  } catch (error) {
    return { error: seen(error) };
  } finally {
    client.destroy();
  }
}

function seen(error) {
  const modelled = sdk[error.name];
  return {
    name: error.name,
    message: error.message,
    fault: error.$fault,
    httpStatusCode: error.$metadata?.httpStatusCode,
    isOfItsClass: modelled !== undefined && error instanceof modelled,
    hasStatusCode: "statusCode" in error,
  };
}

for await (const line of readline.createInterface({ input: process.stdin })) {
  process.stdout.write(JSON.stringify(await answer(JSON.parse(line))) + "\n");
}
