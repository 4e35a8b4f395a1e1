/**
 * The environment variable that names the folder in which processes that share ports have sockets for one another, where they
 * do: nobody else may look into it.
 */
export const RELAY_FOLDER = 'GATEWAYWORKER_RELAY_FOLDER';
